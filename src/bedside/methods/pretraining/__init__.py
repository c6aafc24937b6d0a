"""Pretraining: what a network can learn of patients without their labels, and where it then starts.

start       the weights that a training starts from, and what is known of them
begin       a network that starts there: loaded, and frozen as far as is asked
joint       two views of one sample lie close, all samples apart (VICReg)
masked      an image's hidden blocks, told from the rest (SimMIM)
corrupted   a row's exchanged values, found and put right (VIME)
loop        the training itself, with checkpoints
collapse    whether an encoder still tells patients apart
pool        whose inputs may be learnt from
outside     weights from elsewhere, by path
"""
