using RocketOps.Election.Epochs;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>
/// The member that begins an epoch first: nobody writes the file of epochs before the one that has won the lease has. Thread-safe.
/// </summary>
internal sealed class FirstEpoch
{
    private string? _member;

    /// <summary>Null before somebody has.</summary>
    public string? Member => Volatile.Read(ref _member);

    /// <summary>Whether the member writes that file there, and no other one was first.</summary>
    public bool IsWritten(string member, string path) =>
        path.Contains(EpochFile.Name, StringComparison.Ordinal)
        && (Interlocked.CompareExchange(ref _member, member, null) ?? member) == member;
}
