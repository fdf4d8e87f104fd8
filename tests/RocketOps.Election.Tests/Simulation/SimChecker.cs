using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>Sees everything, as no member can, and throws <see cref="RuleBrokenException"/> at the first thing that must never be.</summary>
internal sealed class SimChecker(SimGroup group)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(9);

    /// <summary>A master may know of it a renewal later than it was said, and counts six seconds by a clock that is fast.</summary>
    private static readonly TimeSpan Lately = TimeSpan.FromSeconds(3);

    // What a copy said before it took the lease counts for 5 s, by a clock that may be slow, and may have come late.
    private static readonly TimeSpan LongestBeside = TimeSpan.FromSeconds(10);

    // Two rounds of questions.
    private static readonly TimeSpan LateAnswer = TimeSpan.FromSeconds(1);

    private readonly Dictionary<long, string> _masters = [];

    /// <summary>By offset: what was acknowledged there and is not lost for a reason that is allowed.</summary>
    private readonly SortedDictionary<int, int> _acknowledged = [];
    private readonly HashSet<int> _taken = [];

    /// <summary>By place in the log: what a reader saw there.</summary>
    private readonly Dictionary<int, int> _read = [];
    private readonly HashSet<int> _handled = [];

    // As what was acknowledged may be: from then on a place may have another message.
    private bool _hasLostReads;
    private TimeSpan _releasedAt;
    private TimeSpan _ledSince;
    private TimeSpan _writtenAt;

    public int Acknowledged { get; private set; }

    public int Failovers { get; private set; }

    public int Cuts { get; private set; }

    public int LostBeyondRepair { get; private set; }

    public int HandedOver { get; private set; }

    /// <summary>Leases of masters that were cut off from their copies.</summary>
    public int GivenWay { get; private set; }

    /// <summary>Leases of members that could not lead.</summary>
    public int GivenBack { get; private set; }

    public int Changes { get; private set; }

    /// <summary>Disks that hung.</summary>
    public int Hangs { get; private set; }

    /// <summary>Disks that went back in time.</summary>
    public int GoneBack { get; private set; }

    /// <summary>Times that a member waited for one in the middle of what it did.</summary>
    public int HeldUp { get; private set; }

    public TimeSpan LastAcknowledgedAt { get; private set; }

    /// <summary>In which nothing was acknowledged, since something was.</summary>
    public TimeSpan LongestPause { get; private set; }

    /// <summary>A member was added or taken out, and all others know it.</summary>
    public void OnChanged() => Changes++;

    public void OnHung() => Hangs++;

    public void OnWentBack() => GoneBack++;

    /// <summary>A member is to write down what it binds itself to, and its disk hangs.</summary>
    public void OnHeldUp() => HeldUp++;

    public void OnTaken(SimMember master, int id, long epoch)
    {
        _taken.Add(id);
        Require(group.LeaseStore.Lease is not { Record: { Holder.Length: > 0 } lease } || lease.Epoch <= epoch || group.World.Now - _ledSince < LongestBeside,
            $"{master.Name} takes message {id} in epoch {epoch}, long after {group.LeaseStore.Lease?.Record.Holder} has taken the lease");
    }

    public void OnLeaseWriting(LeaseRecord? before, LeaseRecord after)
    {
        CheckInSync(before, after);
        TimeSpan changedBefore = _writtenAt;
        _writtenAt = group.World.Now;
        if (after.Holder.Length == 0)
        {
            OnReleasing(before, after);
            return;
        }

        if (before is not null && before.Epoch == after.Epoch && before.Holder == after.Holder)
        {
            return;
        }

        if (IsNewGroup(before))
        {
            _masters.Clear();
        }

        Require(_masters.TryAdd(after.Epoch, after.Holder), $"epoch {after.Epoch} has two masters: {_masters[after.Epoch]} and {after.Holder}");
        Failovers++;
        _ledSince = group.World.Now;
        Require(before is not { Holder.Length: 0, Successor: { } successor } || successor == after.Holder || group.World.Now - _releasedAt >= before.Duration * 0.95 || before.UncleanEpoch == after.Epoch,
            $"{after.Holder} takes the lease that was handed over to {before?.Successor}");
        SimMember taker = group.Find(after.Holder)!;
        CheckPromise(after, taker);
        CheckLongestFirst(before, after, taker, changedBefore);
        CheckNobodyServes(before, taker);
        ExcuseLoss(before, after, taker);
    }

    /// <summary>With that store it will never ask for the epoch again, whatever becomes of its process. What comes of a disk that keeps no promise at all is seen later.</summary>
    private void CheckPromise(LeaseRecord after, SimMember taker) =>
        Require(!group.Options.PersistsPromise || taker.Disk.HasGoneBack || !after.InSync.Contains(taker.Copy) || taker.Disk.State.Promised >= after.Epoch,
            $"{taker.Name} takes the lease in epoch {after.Epoch}, and has promised no more than {taker.Disk.State.Promised} on its disk");

    /// <summary>The bytes do not say of which epoch they are: what was noted before does.</summary>
    public void OnCopied(SimBroker follower, SimEntry entry)
    {
        long noted = follower.Epochs.EpochAt(follower.Disk.Log.Count);
        Require(noted == entry.Epoch, $"{follower.Machine.Name} takes message {entry.Id} for one of epoch {noted}, it is of {entry.Epoch}");
    }

    /// <summary>What anybody reads is what everybody reads there, ever: but for what was lost by decision, or with all its disks.</summary>
    public void OnRead(SimMember member, int at, int id)
    {
        if (_hasLostReads || group.Options.Mode == ReplicationMode.Async)
        {
            return;
        }

        Require(_read.TryAdd(at, id) || _read[at] == id, $"{member.Name} shows message {id} at {at}, where {_read[at]} was read before");
    }

    /// <summary>A consumer of the group has done with it.</summary>
    public void OnHandled(int id) => _handled.Add(id);

    private void CheckTables(SimMember master, string what)
    {
        if (_hasLostReads || master.Broker is not { Roles.Tables: { } tables })
        {
            return;
        }

        List<SimEntry> log = master.Disk.Log;
        foreach ((int at, int id) in _read)
        {
            Require(at < log.Count && log[at].Id == id, $"{master.Name} {what} and does not have message {id} at {at}, which was read before");
        }

        Require(tables.Committed <= log.Count, $"{master.Name} {what} with consumers at {tables.Committed}, behind the end of its log, {log.Count}");
        for (int i = 0; i < tables.Committed; i++)
        {
            Require(_handled.Contains(log[i].Id), $"{master.Name} {what} with consumers at {tables.Committed}, and message {log[i].Id} at {i} was handled by nobody");
        }

        Require(tables.Delivered <= log.Count, $"{master.Name} {what} and has delivered up to {tables.Delivered}, behind the end of its log, {log.Count}");
        HashSet<int> copied = [.. log.Select(static entry => entry.CopyOf)];
        for (int i = 0; i < tables.Delivered; i++)
        {
            Require(log[i].CopyOf > 0 || copied.Contains(log[i].Id), $"{master.Name} {what} and has delivered up to {tables.Delivered}, and there is no copy of message {log[i].Id} at {i}");
        }
    }

    public void OnLed(SimMember master, long epoch)
    {
        if (group.Options.Mode == ReplicationMode.Sync && group.LeaseStore.Lease?.Record is { } lease && lease.Epoch == epoch && lease.Holder == master.Name)
        {
            CheckHas(master, $"leads in epoch {epoch}");
            CheckTables(master, $"leads in epoch {epoch}");
        }
    }

    public void OnAcknowledged(SimMember master, int id, long epoch, int end)
    {
        LeaseRecord? lease = group.LeaseStore.Lease?.Record;
        // A master that founds its deleted lease anew goes on in the old epoch until the new one begins.
        // One that was set back by hand is noticed at the next renewal. What every copy in sync has is acknowledged whoever leads.
        Require(lease is null || WaitsForCopies(master) || lease.Epoch < epoch || (lease.Holder == master.Name && _masters.All(led => led.Key <= epoch || led.Value == master.Name)),
            $"{master.Name} acknowledges message {id} in epoch {epoch}, while {(lease?.Holder is { Length: > 0 } holder ? holder : "nobody")} leads in epoch {lease?.Epoch}");
        Require(master.Disk.Log.Count >= end && master.Disk.Log[end - 1].Id == id, $"{master.Name} acknowledges message {id}, which it does not have");
        LongestPause = Acknowledged > 0 && group.World.Now - LastAcknowledgedAt > LongestPause ? group.World.Now - LastAcknowledgedAt : LongestPause;
        Acknowledged++;
        LastAcknowledgedAt = group.World.Now;
        Require(group.Options.LongestPause is not { } longest || LongestPause <= longest, $"nothing was acknowledged for {LongestPause.TotalSeconds:F1} s before message {id}");
        if (group.Options.Mode == ReplicationMode.Async)
        {
            return;
        }

        // A power cut or a lost disk may have taken a copy since it was acknowledged: that is another story.
        int copies = group.Members.Count(member => Keeps(member, end, id) || member.Disk.Unflushed.Any(entry => entry.Id == id) || member.Disk.Destroyed.Any(entry => entry.Id == id));
        Require(copies >= group.Options.MinInSync, $"{master.Name} acknowledges message {id} with {copies} copies of it, {group.Options.MinInSync} are asked for");
        foreach (MemberCopy copy in lease is not null && lease.Epoch >= epoch ? lease.InSync : [])
        {
            SimMember member = group.Find(copy.Member)!;
            Require(member.Copy != copy || Keeps(member, end, id) || member.Disk.GoneBack.Contains(id), $"{master.Name} acknowledges message {id}, which {copy} does not have, although it is in sync");
        }

        _acknowledged[end] = id;
    }

    private bool WaitsForCopies(SimMember master) => group.Options.Mode == ReplicationMode.Sync && master.Process!.Lease is { InSync.Count: > 1 };

    public void OnCutting(SimMember member, long at)
    {
        Cuts++;
        if (group.Options.Mode != ReplicationMode.Sync)
        {
            return;
        }

        foreach ((int end, int id) in _acknowledged)
        {
            Require(end <= at || !Has(member, end, id), $"{member.Name} cuts its log at {at}, and with it message {id} at {end}, which was acknowledged");
        }
    }

    /// <summary>When everything has been well for long enough.</summary>
    public void CheckHealed(TimeSpan healingSince)
    {
        LeaseRecord? lease = group.LeaseStore.Lease?.Record;
        Require(lease is { Holder.Length: > 0 }, "nobody leads, although nothing is wrong any more");
        SimMember master = group.Find(lease!.Holder)!;
        Require(LastAcknowledgedAt > healingSince, "nothing is acknowledged, although nothing is wrong any more");
        Require(lease.InSync.Count == group.Parts.Count(), $"in sync are only {string.Join(", ", lease.InSync)}, although nothing is wrong any more");
        if (group.Options.Mode == ReplicationMode.Sync)
        {
            CheckHas(master, "leads at the end");
            CheckTables(master, "leads at the end");
        }

        foreach (SimMember member in group.Parts)
        {
            for (int i = 0; i < member.Disk.Log.Count; i++)
            {
                SimEntry entry = member.Disk.Log[i];
                Require(i >= master.Disk.Log.Count || master.Disk.Log[i] == entry, $"{member.Name} has message {entry.Id} at {i}, the master another one");
                Require(entry.QueueOffset == i, $"message {entry.Id} of {member.Name} at {i} has number {entry.QueueOffset} in its queue: another message has the same");
                Require(member.Disk.Epochs.EpochAt(i + 1) == entry.Epoch, $"{member.Name} takes message {entry.Id} for one of epoch {member.Disk.Epochs.EpochAt(i + 1)}, it is of {entry.Epoch}");
            }

            Require(master.Disk.Log.Count - member.Disk.Log.Count < 100, $"{member.Name} has {member.Disk.Log.Count} messages, the master {master.Disk.Log.Count}");
        }

        CheckNothingVanished();
    }

    /// <summary>Every message that a master ever took is in a log, kept aside, or was on hardware that lost it.</summary>
    private void CheckNothingVanished()
    {
        HashSet<int> known = [];
        foreach (SimMember member in group.Members)
        {
            known.UnionWith(member.Disk.Log.Select(static entry => entry.Id));
            known.UnionWith(member.Disk.Diverged.Select(static entry => entry.Id));
            known.UnionWith(member.Disk.Unwritten.Select(static entry => entry.Id));
            known.UnionWith(member.Disk.Unflushed.Select(static entry => entry.Id));
            known.UnionWith(member.Disk.Destroyed.Select(static entry => entry.Id));
        }

        _taken.ExceptWith(known);
        Require(_taken.Count == 0, $"{_taken.Count} messages have vanished: they are in no log and not kept aside");
    }

    /// <summary>In sync means: has everything that was acknowledged.</summary>
    private void CheckInSync(LeaseRecord? before, LeaseRecord after)
    {
        if (group.Options.Mode == ReplicationMode.Async || (before is not null && after.InSync.All(before.InSync.Contains)))
        {
            return;
        }

        foreach (MemberCopy copy in after.InSync.Where(copy => (before is null || !before.InSync.Contains(copy)) && copy.Member != after.Holder))
        {
            if (group.Find(copy.Member) is { } member && member.Copy == copy)
            {
                // It may have gone back since it said what it had: the lease says what that was.
                CheckHas(member, "is taken for in sync", member.Disk.GoneBack);
            }
        }
    }

    private void OnReleasing(LeaseRecord? before, LeaseRecord after)
    {
        if (after.Successor is null)
        {
            GivenBack++;
            return;
        }

        _releasedAt = group.World.Now;
        SimMember old = group.Find(before!.Holder)!;
        SimMember successor = group.Find(after.Successor!)!;
        HandedOver++;
        if (old.Disk.Log is not [.., var newest] || !successor.Disk.GoneBack.Contains(newest.Id))
        {
            CheckSuccessorHasAll(before, old, successor);
        }
    }

    private void CheckSuccessorHasAll(LeaseRecord before, SimMember old, SimMember successor)
    {
        // Another copy than the one that was in sync does not lead by that lease, whatever it lacks.
        bool mayLead = successor.Copy == before.InSync.FirstOrDefault(copy => copy.Member == successor.Name);
        if (IsCutOff(before, old))
        {
            GivenWay++;
            if (mayLead)
            {
                CheckHas(successor, $"is handed the lease of {old.Name}", successor.Disk.GoneBack);
            }
        }
        else if (mayLead)
        {
            Require(successor.Disk.Log.Count >= old.Disk.Log.Count && old.Disk.Log[^Math.Min(1, old.Disk.Log.Count)..].All(last => Has(successor, old.Disk.Log.Count, last.Id)),
                $"{old.Name} hands over to {successor.Name}, which has {successor.Disk.Log.Count} of {old.Disk.Log.Count} messages");
        }
    }

    /// <summary>Too few copies have said for long that they have everything: what the master took since is acknowledged by nobody.</summary>
    private bool IsCutOff(LeaseRecord lease, SimMember master) => group.Options.Mode == ReplicationMode.Sync && master.Broker is { } broker
        && lease.InSync.Count(copy => copy.Member == master.Name || (broker.CaughtUpAt.TryGetValue(copy.Member, out TimeSpan at) && group.World.Now - at < Lately)) < group.Options.MinInSync;

    /// <summary>
    /// Of those that could as well have taken it, and for some time had no trouble, none had more. Who did not see the last renewal when it was made finds the lease free later than others,
    /// and may come too late for its turn: in sync mode that costs nothing, and in async mode each waits for longer than that.
    /// </summary>
    private void CheckLongestFirst(LeaseRecord? before, LeaseRecord after, SimMember taker, TimeSpan changedBefore)
    {
        TimeSpan since = group.World.Now - Quiet;
        if (group.Options.Mode == ReplicationMode.Sync && changedBefore < since)
        {
            since = changedBefore;
        }

        if (before is null || before.Successor is not null || before.Holder == taker.Name || group.Options.Loss > 0 || group.Options.Late > 0.05 || !IsQuiet(taker, since) || !before.InSync.Contains(taker.Copy))
        {
            return;
        }

        if (group.Members.Any(member => member.FailedAt > group.World.Now - Quiet || member.HasHungSince(group.World.Now - Quiet)))
        {
            // One that stands back still says what it has, and is waited for by those that hear it.
            return;
        }

        foreach (SimMember other in group.Members.Where(other => other != taker && !other.Disk.HasGoneBack && taker.Peers.Contains(other.Name) && IsQuiet(other, since) && before.InSync.Contains(other.Copy)))
        {
            // Who has heard the master serve for longer than the taker has runs later.
            if (CanBeHeard(taker, other) && CanBeHeard(other, taker) && other.MasterSilence > Quiet && other.LogEnd > taker.LogEnd)
            {
                throw new RuleBrokenException($"{taker.Name} takes epoch {after.Epoch} with {taker.LogEnd}, although {other.Name} is there and has {other.LogEnd}");
            }
        }
    }

    /// <summary>Who runs for a lease that was not renewed has not heard its holder serve.</summary>
    private void CheckNobodyServes(LeaseRecord? before, SimMember taker)
    {
        if (before is { Holder.Length: > 0 } && before.Holder != taker.Name && group.Find(before.Holder) is { IsPaused: false } master && master.Process?.LeadingEpoch == before.Epoch)
        {
            // What was on its way when it heard of it is excused, also in a taker that waited for its disk.
            Require(taker.HasHungSince(group.World.Now - Quiet) || taker.MasterSilence > before.Duration * 0.9 || group.World.Now - taker.HearsSince < Quiet, $"{taker.Name} takes the lease of {before.Holder}, although it hears it serve");
        }
    }

    /// <summary>The way was open, and neither a question nor an answer of this time is late on it: who hears nothing for the time of an answer goes on.</summary>
    private bool CanBeHeard(SimMember from, SimMember to) =>
        group.Network.IsOpenSince(group.NumberOf(from), group.NumberOf(to), Quiet) && group.Network.IsTimelySince(group.NumberOf(from), group.NumberOf(to), LateAnswer);

    private bool IsQuiet(SimMember member, TimeSpan since) =>
        member.IsUp && !member.IsPaused && member.RunsSince <= since && member.FailedAt < since && group.LeaseStore.IsReachable(group.NumberOf(member))
        && (!group.LeaseStore.ReachableSince.TryGetValue(group.NumberOf(member), out TimeSpan reachable) || reachable <= since);

    /// <summary>
    /// What may be lost: what a person decided to lose, in the epoch that was named for it; and what a power cut took from every disk that had it.
    /// </summary>
    private void ExcuseLoss(LeaseRecord? before, LeaseRecord after, SimMember taker)
    {
        bool isDecided = before?.UncleanEpoch == after.Epoch || IsNewGroup(before);
        foreach ((int end, int id) in _acknowledged.ToArray())
        {
            if (IsLost(end, id) || IsUnheard(end, id))
            {
                _acknowledged.Remove(end);
                LostBeyondRepair++;
                _hasLostReads = true;
            }
        }

        _hasLostReads = _hasLostReads || _read.Any(read => IsLost(read.Key + 1, read.Value) || IsUnheard(read.Key + 1, read.Value));

        bool IsLost(int end, int id) =>
            !Has(taker, end, id) && (isDecided || (!group.Parts.Any(member => Has(member, end, id)) && group.Members.Any(member => member.Disk.Unflushed.Any(entry => entry.Id == id) || IsGoneUnsaid(member, end, id))));

        // Every disk that had it has gone back in time, before the lease could say that it was confirmed; or all that were in sync have lost power since, which alone is a reason to have less.
        bool IsGoneUnsaid(SimMember member, int end, int id) => member.Disk.GoneBack.Contains(id) && (IsUnsaid(end) || before?.InSync.Any(copy => group.Find(copy.Member)?.Copy == copy) == false);

        bool IsUnsaid(int end) => before?.Confirmed is not { } confirmed || confirmed.Offset < end;

        // As above, and a member that has it still cannot be heard while this one takes the lease, or went back in time too and may not lead.
        bool IsUnheard(int end, int id) =>
            taker.Disk.GoneBack.Contains(id) && IsUnsaid(end) && !Has(taker, end, id) && (group.Options.Loss > 0 || !group.Parts.Any(other => other != taker && !other.Disk.HasGoneBack && Has(other, end, id) && IsHeard(other)));

        bool IsHeard(SimMember other) => IsQuiet(other, group.World.Now - LateAnswer) && CanBeHeard(taker, other) && CanBeHeard(other, taker);
    }

    /// <summary>Neither a lease nor a store that ever belonged to the group is left among its members; nobody asks one that was taken out.</summary>
    private bool IsNewGroup(LeaseRecord? before) => before is null && group.Parts.All(static member => member.Disk.State.GroupId.Length == 0);

    private void CheckHas(SimMember master, string what, HashSet<int>? excused = null)
    {
        foreach ((int end, int id) in _acknowledged.Where(message => excused?.Contains(message.Value) != true))
        {
            Require(Keeps(master, end, id), $"{master.Name} {what} and does not have message {id} at {end}, which was acknowledged");
        }
    }

    /// <summary>As safe as acknowledged means.</summary>
    private bool Keeps(SimMember member, int end, int id) => end <= (group.Options.FlushesBeforeAnswer ? member.Disk.Durable : member.Disk.Written) && Has(member, end, id);

    private static bool Has(SimMember member, int end, int id) => member.Disk.Log.Count >= end && member.Disk.Log[end - 1].Id == id;

    /// <summary>Also ends a schedule in which nobody waits for what throws it.</summary>
    private void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            group.World.Failure = new RuleBrokenException(otherwise);
            throw group.World.Failure;
        }
    }
}
