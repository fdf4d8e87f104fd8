using RocketOps.Broker.Configuration;

namespace RocketOps.Broker.Replication.Slave;

/// <summary>
/// State of a slave: whether it copies its master's log, and why not. A connection that has just ended is made again in a moment, by this
/// or by the next session: it counts once the loss has lasted for as long as a silence may on a connection (<c>haHousekeepingInterval</c>).
/// What keeps the slave from following until somebody does something counts at once. Outlives the sessions of a slave; thread-safe.
/// </summary>
internal sealed class Following(CurrentOptions<ReplicationOptions> options, TimeProvider time)
{
    // Null while it follows.
    private volatile Loss? _loss = new(string.Empty, IsRefusal: false, time.GetTimestamp());

    /// <summary>
    /// Reason why the master's log does not come, empty when nothing was told of it; null while it comes, or may in a moment.
    /// </summary>
    public string? WhyNot => _loss is { } loss && (loss.IsRefusal || time.GetElapsedTime(loss.Since) >= options.Value.HaSilence) ? loss.Why : null;

    /// <summary>This broker is a master: as a slave, later, it has lost nothing yet.</summary>
    public void OnLeads() => _loss = new Loss(string.Empty, IsRefusal: false, time.GetTimestamp());

    /// <summary>Notes that what has come from the master is in this store. Told again and again.</summary>
    public void OnFollows()
    {
        if (_loss is not null)
        {
            _loss = null;
        }
    }

    /// <summary>The log does not come at the moment; it is tried again.</summary>
    public void OnLost(string why) => Lose(why, isRefusal: false);

    /// <summary>The log does not come, and will not before somebody does what the text says.</summary>
    public void OnRefused(string why) => Lose(why, isRefusal: true);

    /// <summary>Nobody tries any more: what kept that session from following says nothing of the next one.</summary>
    public void OnSessionEnded() => Lose(string.Empty, isRefusal: false);

    private void Lose(string why, bool isRefusal) => _loss = new Loss(why, isRefusal, _loss?.Since ?? time.GetTimestamp());

    private sealed record Loss(string Why, bool IsRefusal, long Since);
}
