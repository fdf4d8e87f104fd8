using RocketOps.Store.Dispatching;

namespace RocketOps.Broker.Replication.Slave;

/// <summary>
/// Session of a slave, for as long as this broker is one: it follows its master's log and takes over the master's tables.
/// </summary>
internal sealed class SlaveSession(LogFollower follower, SlaveSync sync) : IAsyncDisposable
{
    public LogFollower Follower => follower;

    public void Start()
    {
        follower.Start();
        sync.Start();
    }

    /// <summary>A message has come that can be read here. As the store's observer.</summary>
    public void OnArrived(in MessageArrival message) => sync.OnArrived(message);

    /// <summary>
    /// Ends as <see cref="DisposeAsync"/>, after the tables of a master that has handed over were taken once more: nobody changes them any more. Not for longer than <paramref name="patience"/>.
    /// </summary>
    public async Task EndAfterHandOverAsync(TimeSpan patience)
    {
        try
        {
            await follower.DisposeAsync();
        }
        finally
        {
            await sync.EndWithLastRoundAsync(patience);
        }
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
