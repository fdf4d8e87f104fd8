using RocketOps.Broker.Replication.Frames;

namespace RocketOps.Broker.Replication.Slave;

/// <summary>
/// Steps of a slave before it follows an elected master, and its questions while it does. Used by one follower at a time.
/// </summary>
internal interface IGroupJoin
{
    /// <summary>The master's name and where it serves, for people.</summary>
    string Master { get; }

    /// <summary>
    /// Asks the master to be followed, has <paramref name="checkAsync"/> look at its log (<see cref="MasterCheck"/>) and makes this log the same as its up to the point where they part. Throws <see cref="HaRefusedException"/> when the master is not to be followed with this
    /// store, <see cref="IOException"/> or <see cref="TimeoutException"/> when it does not answer, or does not lead yet.
    /// </summary>
    Task<JoinedMaster> JoinAsync(Func<string, CancellationToken, Task> checkAsync, CancellationToken cancellationToken);

    /// <summary>Throws <see cref="IOException"/> when another master's epoch was seen since: then nothing of the joined one's log is taken or acknowledged.</summary>
    void ThrowIfReplaced();

    /// <summary>The master has said that it serves.</summary>
    void OnMasterServes();
}

/// <summary>A master that is ready to be followed.</summary>
/// <param name="HaAddress">Where its log comes from.</param>
/// <param name="FollowerHello">What is to be sent first there.</param>
internal sealed record JoinedMaster(string HaAddress, byte[] FollowerHello);
