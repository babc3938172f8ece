"""The works that a three-pillar report cites, each by a short name."""

from __future__ import annotations

REFERENCES: dict[str, str] = {
    "fid": "Heusel M, Ramsauer H, Unterthiner T, Nessler B, Hochreiter S. GANs trained by a two time-scale"
    " update rule converge to a local Nash equilibrium. Advances in Neural Information Processing Systems"
    " 30, 2017.",
    "torch-fidelity": "Obukhov A, Seitzer M, Wu PW, Zhydenko S, Kyl J, Lin EYJ. High-fidelity performance"
    " metrics for generative models in PyTorch (torch-fidelity). Zenodo, 2020. doi:10.5281/zenodo.4957738.",
    "kid": "Bińkowski M, Sutherland DJ, Arbel M, Gretton A. Demystifying MMD GANs. International"
    " Conference on Learning Representations, 2018.",
    "fd-infinity": "Chong MJ, Forsyth D. Effectively unbiased FID and Inception Score and where to find them."
    " IEEE/CVF Conference on Computer Vision and Pattern Recognition, 2020, 6070–6079.",
    "cmmd": "Jayasumana S, Ramalingam S, Veit A, Glasner D, Chakrabarti A, Kumar S. Rethinking FID:"
    " towards a better evaluation metric for image generation. IEEE/CVF Conference on Computer Vision and"
    " Pattern Recognition, 2024, 9307–9315.",
    "precision-recall": "Kynkäänniemi T, Karras T, Laine S, Lehtinen J, Aila T. Improved precision and"
    " recall metric for assessing generative models. Advances in Neural Information Processing Systems 32,"
    " 2019.",
    "density-coverage": "Naeem MF, Oh SJ, Uh Y, Choi Y, Yoo J. Reliable fidelity and diversity metrics for"
    " generative models. International Conference on Machine Learning, PMLR 119, 2020, 7176–7185.",
    "vendi": "Friedman D, Dieng AB. The Vendi score: a diversity evaluation metric for machine learning."
    " Transactions on Machine Learning Research, 2023.",
    "authenticity": "Alaa A, van Breugel B, Saveliev ES, van der Schaar M. How faithful is your synthetic"
    " data? Sample-level metrics for evaluating and auditing generative models. International Conference on"
    " Machine Learning, PMLR 162, 2022, 290–306.",
    "c_t": "Meehan C, Chaudhuri K, Dasgupta S. A non-parametric test to detect data-copying in generative"
    " models. International Conference on Artificial Intelligence and Statistics, PMLR 108, 2020, 3546–3556.",
    "ssim": "Wang Z, Bovik AC, Sheikh HR, Simoncelli EP. Image quality assessment: from error visibility"
    " to structural similarity. IEEE Transactions on Image Processing 13(4), 2004, 600–612.",
    "ms-ssim": "Wang Z, Simoncelli EP, Bovik AC. Multiscale structural similarity for image quality"
    " assessment. Asilomar Conference on Signals, Systems and Computers, 2003, 1398–1402.",
    "lpips": "Zhang R, Isola P, Efros AA, Shechtman E, Wang O. The unreasonable effectiveness of deep"
    " features as a perceptual metric. IEEE/CVF Conference on Computer Vision and Pattern Recognition, 2018,"
    " 586–595.",
    "t-sne": "van der Maaten L, Hinton G. Visualizing data using t-SNE. Journal of Machine Learning"
    " Research 9, 2008, 2579–2605.",
    "inception": "Szegedy C, Vanhoucke V, Ioffe S, Shlens J, Wojna Z. Rethinking the Inception"
    " architecture for computer vision. IEEE Conference on Computer Vision and Pattern Recognition, 2016,"
    " 2818–2826.",
    "dinov2": "Oquab M, Darcet T, Moutakanni T, et al. DINOv2: learning robust visual features without"
    " supervision. Transactions on Machine Learning Research, 2024.",
    "clip": "Radford A, Kim JW, Hallacy C, et al. Learning transferable visual models from natural"
    " language supervision. International Conference on Machine Learning, PMLR 139, 2021, 8748–8763.",
    "alexnet": "Krizhevsky A. One weird trick for parallelizing convolutional neural networks."
    " arXiv:1404.5997, 2014.",
    "squeezenet": "Iandola FN, Han S, Moskewicz MW, Ashraf K, Dally WJ, Keutzer K. SqueezeNet:"
    " AlexNet-level accuracy with 50x fewer parameters and <0.5 MB model size. arXiv:1602.07360, 2016.",
    "bootstrap": "Davison AC, Hinkley DV. Bootstrap methods and their application. Cambridge University"
    " Press, 1997.",
    "hedges": "Hedges LV. Distribution theory for Glass's estimator of effect size and related estimators."
    " Journal of Educational Statistics 6(2), 1981, 107–128.",
    "welch": "Welch BL. The generalization of 'Student's' problem when several different population"
    " variances are involved. Biometrika 34(1–2), 1947, 28–35.",
    "mann-whitney": "Mann HB, Whitney DR. On a test of whether one of two random variables is"
    " stochastically larger than the other. Annals of Mathematical Statistics 18(1), 1947, 50–60.",
    "ks": "Massey FJ. The Kolmogorov-Smirnov test for goodness of fit. Journal of the American Statistical"
    " Association 46(253), 1951, 68–78.",
    "holm": "Holm S. A simple sequentially rejective multiple test procedure. Scandinavian Journal of"
    " Statistics 6(2), 1979, 65–70.",
    "tost": "Schuirmann DJ. A comparison of the two one-sided tests procedure and the power approach for"
    " assessing the equivalence of average bioavailability. Journal of Pharmacokinetics and Biopharmaceutics"
    " 15(6), 1987, 657–680.",
    "jonckheere": "Jonckheere AR. A distribution-free k-sample test against ordered alternatives."
    " Biometrika 41(1–2), 1954, 133–145.",
    "terpstra": "Terpstra TJ. The asymptotic normality and consistency of Kendall's test against trend,"
    " when ties are present in one ranking. Indagationes Mathematicae 14, 1952, 327–333.",
    "bland-altman": "Bland JM, Altman DG. Statistical methods for assessing agreement between two methods"
    " of clinical measurement. The Lancet 327(8476), 1986, 307–310.",
    "icc": "Shrout PE, Fleiss JL. Intraclass correlations: uses in assessing rater reliability."
    " Psychological Bulletin 86(2), 1979, 420–428.",
    "cldice": "Shit S, Paetzold JC, Sekuboyina A, et al. clDice – a novel topology-preserving loss"
    " function for tubular structure segmentation. IEEE/CVF Conference on Computer Vision and Pattern"
    " Recognition, 2021, 16560–16569.",
    "betti": "Hu X, Li F, Samaras D, Chen C. Topology-preserving deep image segmentation. Advances in"
    " Neural Information Processing Systems 32, 2019.",
    "hmsvit": "Zhang X, Han L, Shi Y, Zheng Y, Alam U, Ferdousi M, Malik R. HMSViT: a hierarchical masked"
    " self-supervised vision transformer for corneal nerve segmentation and diabetic neuropathy diagnosis."
    " arXiv:2506.19474, 2025.",
    "hiera": "Ryali C, Hu YT, Bolya D, et al. Hiera: a hierarchical vision transformer without the"
    " bells-and-whistles. International Conference on Machine Learning, PMLR 202, 2023, 29441–29454.",
    "resnet": "He K, Zhang X, Ren S, Sun J. Deep residual learning for image recognition. IEEE Conference on"
    " Computer Vision and Pattern Recognition, 2016, 770–778.",
    "unet": "Ronneberger O, Fischer P, Brox T. U-Net: convolutional networks for biomedical image"
    " segmentation. Medical Image Computing and Computer-Assisted Intervention, LNCS 9351, 2015, 234–241.",
    "corrected-t": "Nadeau C, Bengio Y. Inference for the generalization error. Machine Learning 52(3), 2003,"
    " 239–281.",
    "mcnemar": "McNemar Q. Note on the sampling error of the difference between correlated proportions or"
    " percentages. Psychometrika 12(2), 1947, 153–157.",
    "pigeonhole": "Owen AB. The pigeonhole bootstrap. Annals of Applied Statistics 1(2), 2007, 386–411.",
    "calibration": "Guo C, Pleiss G, Sun Y, Weinberger KQ. On calibration of modern neural networks."
    " International Conference on Machine Learning, PMLR 70, 2017, 1321–1330.",
    "kappa": "Cohen J. A coefficient of agreement for nominal scales. Educational and Psychological"
    " Measurement 20(1), 1960, 37–46.",
}


class Citations:
    """Numbers works in the order in which a text cites them.

    Examples
    --------
    >>> cite = Citations()
    >>> cite("kid"), cite("tost", "kid"), len(cite.works)
    (' [1]', ' [2, 1]', 2)
    """

    def __init__(self) -> None:
        self.works: list[str] = []

    def __call__(self, *names: str) -> str:
        """Cite works by their short names; unknown names are left out, none gives no brackets."""
        numbers = [self._number(REFERENCES[name]) for name in names if name in REFERENCES]
        return f" [{', '.join(map(str, numbers))}]" if numbers else ""

    def work(self, words: str) -> str:
        """Cite a work by its full words."""
        return f" [{self._number(words)}]"

    def _number(self, words: str) -> int:
        if words not in self.works:
            self.works.append(words)
        return self.works.index(words) + 1
