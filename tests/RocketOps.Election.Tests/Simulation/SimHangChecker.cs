namespace RocketOps.Election.Tests.Simulation;

/// <summary>Sees whether a master whose disk does nothing leaves the lease to others that could lead, and throws <see cref="RuleBrokenException"/> when it does not.</summary>
internal sealed class SimHangChecker(SimGroup group)
{
    /// <summary>Members look several times in it; after a longer time without a look it is the process that stood still.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<SimBroker, (int Visible, TimeSpan Since, TimeSpan LookedAt)> _seen = [];

    /// <summary>The member has just looked itself.</summary>
    public void OnTicked(SimBroker broker)
    {
        TimeSpan now = group.World.Now;
        bool isHeldUp = broker.Visible < broker.Disk.Log.Count && !broker.HasFailed;
        (int Visible, TimeSpan Since, TimeSpan LookedAt) seen = _seen.GetValueOrDefault(broker);
        bool goesOn = isHeldUp && seen.Visible == broker.Visible && now - seen.LookedAt < BetweenLooks;
        TimeSpan since = goesOn ? seen.Since : now;
        _seen[broker] = (isHeldUp ? broker.Visible : -1, since, now);

        // Its clock may be slow, and its first look may have been the one before.
        TimeSpan longest = (broker.Options.HangTime * 1.03) + BetweenLooks;
        if (now - since > longest && broker.Member is { LeadingEpoch: { } epoch, Lease: { } lease } && broker.Options.Members.Count > broker.Options.LeastInSync
            && lease.Epoch == epoch && lease.InSync.FirstOrDefault(copy => copy.Member != broker.Machine.Name) is { Member: { } other })
        {
            group.World.Failure = new RuleBrokenException($"{broker.Machine.Name} leads on in epoch {epoch}, although its log has waited for the disk for more than {longest.TotalSeconds:F1} s and {other} could lead");
            throw group.World.Failure;
        }
    }
}
