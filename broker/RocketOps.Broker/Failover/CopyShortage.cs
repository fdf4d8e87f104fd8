namespace RocketOps.Broker.Failover;

/// <summary>
/// Shortage of copies: a master has fewer in sync than it must, and for how long. Followers of a new master join it within tenths of a
/// second, and one that was killed or whose pod was deleted is back in seconds; clients make their next attempt at once, so a refusal
/// meanwhile would use all of them up. Thread-safe.
/// </summary>
internal sealed class CopyShortage(TimeProvider time)
{
    /// <summary>
    /// Time from the start of a shortage in which messages wait, each as long as one does for a master, before they are refused; what
    /// comes later is refused at once.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lasting _lacking = new(time);

    /// <summary>True when copies have been lacking for longer than a moment.</summary>
    public bool Lasts => _lacking.HasLasted(Patience);

    /// <summary>Told again and again whether copies are lacking.</summary>
    public void Note(bool isLacking) => _lacking.Note(isLacking);
}
