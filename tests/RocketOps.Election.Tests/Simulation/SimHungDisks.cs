namespace RocketOps.Election.Tests.Simulation;

/// <summary>Whose disks hang.</summary>
internal enum SimHungDisks
{
    /// <summary>Every second time the master's.</summary>
    OfAnybody,
    OfMasters,
    OfFollowers,

    /// <summary>The master is killed, and the disk of one that would lead next hangs: as it promises, has won, or begins its epoch.</summary>
    OfCandidates,
}
