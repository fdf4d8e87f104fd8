namespace RocketOps.Broker.Replication;

/// <summary>What only a slave does, for as long as this broker is one: it follows its master's log and takes over the master's tables.</summary>
internal sealed class SlaveSession(LogFollower follower, SlaveSync sync) : IAsyncDisposable
{
    public LogFollower Follower => follower;

    public void Start()
    {
        follower.Start();
        sync.Start();
    }

    /// <summary>Returns when nothing is appended or taken over any more.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await follower.DisposeAsync();
        }
        finally
        {
            await sync.DisposeAsync();
        }
    }
}
