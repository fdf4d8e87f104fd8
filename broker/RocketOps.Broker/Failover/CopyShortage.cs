namespace RocketOps.Broker.Failover;

/// <summary>
/// For how long a master has had fewer copies in sync than it must. Followers of a new master join it within tenths of a second, and one that was killed or whose pod was deleted is back in seconds; clients make their next
/// attempt at once, so a refusal meanwhile would use all of them up. Thread-safe.
/// </summary>
internal sealed class CopyShortage(TimeProvider time)
{
    /// <summary>What comes so soon waits, each as long as one does for a master, before it is refused; what comes later is refused at once.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lasting _lacking = new(time);

    /// <summary>Whether copies have been lacking for longer than a moment.</summary>
    public bool Lasts => _lacking.HasLasted(Patience);

    /// <summary>Told again and again whether copies are lacking.</summary>
    public void Note(bool isLacking) => _lacking.Note(isLacking);
}
