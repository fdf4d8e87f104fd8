// Every test drives whole servers and virtual machines: one at a time is what a small machine bears, and what keeps its timing meaningful.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
