"""What grades prove: agreement, shares, certificates, comparisons, and how large a study must be.

Pure: values in, values out, randomness as an argument. Nothing is imported here, since `mixed`
brings statsmodels (a second): ask the module that you need.

In use:

    share = measure_share(acceptable=57, judged=60)  # of 60 patients, one contour each
    share.proportion, share.exact, share.wilson

| question | module |
|---|---|
| do readers agree | `ratings`, `agreement`, `kappa`, `pairs`, `readers` |
| how large is a share | `shares`, `audit` |
| within which bound falls the next score | `conformal` |
| may a structure be released | `fixed`, `sequential`, `releases`, `vigilance` |
| how uncertain with these readers and patients | `bootstrap`, `components`, `mixed` |
| what is it compared with | `against_metrics`, `rounds`, `device`, `mixed` (time) |
| how many cases, readers, minutes | `planning` |
"""
