// One cluster on one machine.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
