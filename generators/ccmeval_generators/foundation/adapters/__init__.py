"""LoRA and weight-decomposed LoRA (WDLoRA, DoRA) for foundation models, by PEFT."""
