namespace RocketOps.Election.Tests.Simulation;

/// <summary>What a disk takes and does not do for the moment. The more, the higher.</summary>
internal enum SimHang
{
    None,

    /// <summary>Flushes, and so the small files, each of which is flushed. What is written comes into the kernel.</summary>
    Flushes,

    /// <summary>Writes too: what was appended is in the process alone.</summary>
    Writes,
}
