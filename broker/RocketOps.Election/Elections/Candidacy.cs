using System.Globalization;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Elections;

/// <summary>
/// Decides whether a member takes a lease that nobody holds: asks the others what they have, and lets a longer log go first. Lasts from
/// the moment the lease is found free until somebody
/// has it. Not thread-safe.
/// </summary>
internal sealed class Candidacy(MemberContext context)
{
    /// <summary>Advice for a person, who then names the epoch.</summary>
    private const string SetUnclean = "set uncleanEpoch in the lease (in Kubernetes the Lease's annotation rocketops.io/unclean-epoch)";

    private long _begunAt = context.Time.GetTimestamp();
    private readonly Dictionary<string, (long Round, MemberAnswer Answer)> _answers = new(StringComparer.Ordinal);
    private string? _version;
    private long _firstRound;
    private long _firstAskedAt;
    private long _askedAt;
    private long _latest;
    private long _latestSaidAt;

    /// <summary>Floor by the answers: the highest epoch promised; 0 without an answer.</summary>
    public long HighestPromise => _answers.Count == 0 ? 0 : Answers.Max(static answer => answer.Promised);

    /// <summary>The group that the others say they belong to, else the one given.</summary>
    public string GroupIdOr(string own) => Answers.FirstOrDefault(static answer => answer.GroupId.Length > 0)?.GroupId ?? own;

    /// <summary>All other members have answered: there is nothing more to wait for.</summary>
    public bool HasHeardAll => _answers.Count == context.Options.Members.Count - 1;

    /// <summary>Reason why it does not take the lease, and what to do; null when there is nothing to say.</summary>
    public string? Obstacle { get; private set; }

    /// <summary>
    /// Proof that this store was put back from an older copy: another member has what it lacks. Null without one.
    /// </summary>
    public string? Proof { get; private set; }

    /// <summary>
    /// Confirmed log for the next lease: what the lease says, and what this member and those that answer know since then.
    /// </summary>
    public ConfirmedLog? ConfirmedSince(LeaseRecord lease)
    {
        if (lease.Confirmed is not { } confirmed)
        {
            return null;
        }

        LogEnd end = Answers.Select(answer => KnownBy(lease, answer.Confirmed)).Append(KnownBy(lease, context.Host.Confirmed))
            .Append(EndOf(confirmed)).Max();
        return confirmed with { Epoch = end.Epoch, Offset = end.Offset };
    }

    /// <summary>
    /// Takes an answer. What is said while this lease lies there holds until the lease is taken, so an answer to an earlier question counts
    /// until a later one comes.
    /// </summary>
    public void OnAnswer(long round, MemberAnswer answer)
    {
        if (_firstRound != 0 && round >= _firstRound && answer.Copy.Member != context.Self.Member && context.Options.Members.Contains(answer.Copy.Member, StringComparer.Ordinal)
            && (!_answers.TryGetValue(answer.Copy.Member, out (long Round, MemberAnswer Answer) known) || round >= known.Round))
        {
            _answers[answer.Copy.Member] = (round, answer);
        }
    }

    /// <summary>Decides whether to take the lease now, and by what right. Asks the others when their answers are missing or old.</summary>
    /// <param name="found">The lease as it was last seen: free, or there is none.</param>
    /// <param name="state">This member's.</param>
    /// <param name="nextRound">Number of the next round of questions, for the host.</param>
    public Standing Decide(LeaseObservation found, MemberState state, Func<long> nextRound)
    {
        LeaseRecord? lease = found.Lease?.Record;
        if (_firstRound == 0 || _version != found.Lease?.Version)
        {
            // What was said of another lease may be over: somebody may have taken it since. Whoever has more asks anew, too, and gets the time for it.
            _answers.Clear();
            _version = found.Lease?.Version;
            _latest = 0;
            _begunAt = context.Time.GetTimestamp();
            _firstRound = Ask(nextRound());
            _firstAskedAt = _askedAt;
        }

        if (!HasHeardAll && context.Time.GetElapsedTime(_firstAskedAt) < context.Options.AnswerTime)
        {
            return Standing.None;
        }

        Standing standing = Judge(lease, found, state);
        if (standing == Standing.None && context.Time.GetElapsedTime(_askedAt) >= context.Options.AnswerTime)
        {
            Ask(nextRound());
        }

        return standing;
    }

    private IEnumerable<MemberAnswer> Answers => _answers.Values.Select(static known => known.Answer);

    /// <summary>Time since the lease was found as it is.</summary>
    private TimeSpan Waited => context.Time.GetElapsedTime(_begunAt);

    /// <summary>True when an obstacle has lasted long enough to be told: it is not over in a moment.</summary>
    private bool HasLasted => Waited >= context.Options.Lease.Duration;

    private IReadOnlyList<string> Everybody => context.Rules.Everybody(context.Options.Members, Answers.Select(static answer => answer.Members));

    private long Ask(long round)
    {
        _askedAt = context.Time.GetTimestamp();
        context.Host.AskMembers(round);
        return round;
    }

    private Standing Judge(LeaseRecord? lease, LeaseObservation found, MemberState state)
    {
        Obstacle = null;
        Proof = null;
        if (FindForeigner(lease, state) is { } foreigner)
        {
            Obstacle = foreigner;
            return Standing.None;
        }

        if (lease is null)
        {
            return JudgeFounding(state);
        }

        long latest = context.Rules.LatestEpoch(state.Seen, Answers.Select(static answer => answer.LatestEpoch));
        if (latest > _latest)
        {
            _latest = latest;
            _latestSaidAt = context.Time.GetTimestamp();
        }

        bool isCurrent = context.Rules.IsCurrent(lease, latest);
        bool isInSync = isCurrent && context.Rules.IsInSync(lease, context.Self);
        string? lack = isInSync ? FindLack(lease, state) : null;
        if (isInSync && lack is null)
        {
            if (lease.IsHeldBy(context.Self.Member) && !context.Rules.HasExpired(found, context.Time.GetUtcNow())
                && !context.Rules.MayTakeBack(Answers.Any(answer => lease.InSync.Contains(answer.Copy))))
            {
                return Standing.None;
            }

            // With time nobody is waited for: who answers may be cut off from the lease. Each that has more is given time of its own, so that the next longest goes next.
            int ahead = IsChosen(lease) ? 0 : CountAhead(answer => context.Rules.IsInSync(lease, answer.Copy));
            return context.Time.GetElapsedTime(_begunAt) >= ahead * context.Options.Patience ? Standing.InSync : Standing.None;
        }

        long next = context.Rules.NextEpoch(lease.Epoch, Math.Max(state.Promised, HighestPromise));
        if (context.Rules.AllowsUnclean(lease, next))
        {
            return JudgeLoss(next);
        }

        if (lack is not null)
        {
            Obstacle = Text(
                $"{lack}; start a member that has them, and this one follows it. If they are lost for ever, {SetUnclean} to {next}: what is missing here is lost then");
            return Standing.None;
        }

        if (!isCurrent)
        {
            // Whoever has seen more may have taken it since it was read here: that shows when it is read again.
            Obstacle = found.ReadAt <= _latestSaidAt ? null : Text(
                $"the lease says epoch {lease.Epoch}, and {WhoSaw(latest, state)} has seen epoch {latest}: it was set back or made by hand, and does not tell who is in sync; to have a member lead with the loss of what only others have, {SetUnclean} to {next}");
            return Standing.None;
        }

        return JudgeRecovery(lease, state, next);
    }

    /// <summary>
    /// Messages that this copy, which the lease lists, must have had and lacks; null when it has everything. <see cref="Proof"/> when
    /// another member has all that the lease knows of. Where no member has, as when all were put back, a person decides: copies that
    /// gave up their incarnations would let the best of them recover the group.
    /// </summary>
    private string? FindLack(LeaseRecord lease, MemberState state)
    {
        LogEnd own = context.Whole;
        LogEnd said = lease.Confirmed is { } written ? EndOf(written) : default;
        string? lack = null;
        foreach (MemberAnswer answer in Answers)
        {
            // Nobody but the master adds to its epoch: what others have of it was here.
            LogEnd led = lease.IsHeldBy(context.Self.Member) && answer.End.Epoch == lease.Epoch ? answer.End : default;
            LogEnd known = KnownBy(lease, answer.Confirmed) is var confirmed && confirmed > led ? confirmed : led;
            if (!context.Rules.HasConfirmed(own, known))
            {
                lack = Shortfall.Tell(own, answer.Copy.Member, known);
                Proof = known >= said || answer.End >= said ? lack : Proof;
            }
        }

        if (lack is not null || !context.Rules.HasConfirmed(own, said))
        {
            return Proof ?? (context.Rules.HasConfirmed(own, said) ? lack : null) ?? Shortfall.Tell(own, "the lease", said);
        }

        return !lease.IsHeldBy(context.Self.Member) || context.Rules.HasPromised(state.Promised, lease.Epoch) ? null : Text(
            $"this member holds the lease in epoch {lease.Epoch}, and its store has promised no more than epoch {state.Promised}: it was put back from an older copy (a snapshot, a backup, another disk), and may lack messages");
    }

    /// <summary>
    /// End of the log that a member knows to be confirmed, as far as it binds by that lease; nothing where the lease does not say what
    /// does.
    /// </summary>
    private static LogEnd KnownBy(LeaseRecord lease, LogEnd? known) => lease.Confirmed is { } confirmed && known is { } end
        && end.Epoch >= confirmed.Since ? end : default;

    private static LogEnd EndOf(ConfirmedLog confirmed) => new(confirmed.Epoch, confirmed.Offset);

    /// <summary>Members that belong to no group, by their files.</summary>
    private IEnumerable<string> WithoutGroup(MemberState state) => Answers.Where(static answer => answer.GroupId.Length == 0)
        .Select(static answer => answer.Copy.Member).Concat(state.GroupId.Length == 0 ? [context.Self.Member] : [])
        .Order(StringComparer.Ordinal);

    /// <summary>
    /// A person permits the loss of what only others have: of those that can be heard, the one with the longest log leads.
    /// </summary>
    private Standing JudgeLoss(long next)
    {
        if (Answers.FirstOrDefault(static answer => answer.Leads) is { } master)
        {
            Obstacle = Text($"{Permitted(next)}, and {master.Copy.Member} still has the lease as far as it knows, and may serve: ")
                + "end that member first";
            return Standing.None;
        }

        if (!context.Rules.MayLeadWithLoss(HasHeardAll, Waited, context.Options.Lease.Duration))
        {
            return Standing.None;
        }

        if (IsBest())
        {
            return Standing.Unclean;
        }

        (MemberCopy best, LogEnd end) = Answers.Select(static answer => (answer.Copy, answer.End)).MaxBy(static answer => answer.End);
        Obstacle = !HasLasted ? null
            : Text($"{Permitted(next)}, and the log of {best.Member} goes to epoch {end.Epoch}, offset {end.Offset}, ")
                + Text($"which is as far as this one or further: {best.Member} is to lead; if it cannot, stop it");
        return Standing.None;
    }

    private static string Permitted(long epoch) => Text($"epoch {epoch} is permitted with the loss of what other members have");

    /// <summary>Text for people: members that were not heard before one leads with a loss; empty when all were.</summary>
    public string TellUnheard() => Missing(Everybody).ToArray() is { Length: > 0 } unheard
        ? Text($"; not heard within {Waited.TotalSeconds:F1} s: {string.Join(", ", unheard)}; ")
            + "what only they have is lost, and is cut off when they follow"
        : string.Empty;

    private Standing JudgeFounding(MemberState state)
    {
        MemberAnswer? master = Answers.FirstOrDefault(static answer => answer.Leads);
        MemberAnswer? finder = Answers.FirstOrDefault(static answer => answer.Lease is { Epoch: > 0 });

        // Where none belongs to a group yet there is no lease to be found: the first of them founds it, and all agree on who that is.
        MemberAnswer? blind = Answers.FirstOrDefault(static answer => answer is { GroupId.Length: > 0, Lease.HasLooked: false });
        string[] groupIds = [.. Answers.Select(static answer => answer.GroupId).Append(state.GroupId)];
        bool anyStoreLost = groupIds.Contains(string.Empty, StringComparer.Ordinal) && groupIds.Any(static id => id.Length > 0);
        IReadOnlyList<string> everybody = Everybody;
        if (context.Rules.MayFound(everybody.Count, _answers.Count + 1, (master ?? finder ?? blind) is not null, anyStoreLost))
        {
            return IsBest() ? Standing.Founder : Standing.None;
        }

        if ((master ?? finder ?? blind) is { } other)
        {
            // A lease that was deleted is seen by all of them soon, and its holder makes a new one.
            Obstacle = HasLasted ? TellElsewhere(other) : null;
            return Standing.None;
        }

        Obstacle = anyStoreLost ? Text(
                $"there is no lease, and {string.Join(", ", WithoutGroup(state))} has no file {MemberStateFile.Name} of this group, as others have: its store is empty, or the file was lost. It may have had what was acknowledged. Put the lease or that store back; if both are lost for ever, make the lease by hand (docs/replication.md), and {SetUnclean} to the epoch that is to begin")
            : Text(
            $"there is no lease, and {string.Join(", ", Missing(everybody))} cannot be asked: a lease is founded only with all members there; if they are lost for ever, make the lease by hand (docs/replication.md), and {SetUnclean} to the epoch that is to begin");
        return Standing.None;
    }

    /// <summary>Tells that another member knows of a lease, or cannot say, where this one finds none.</summary>
    private string TellElsewhere(MemberAnswer other)
    {
        string name = other.Copy.Member;
        string here = context.Options.LeaseStore;
        string there = other.Lease?.Store ?? string.Empty;
        string epoch = other.Lease is { Epoch: > 0 and var number } ? Text($"epoch {number}") : Text($"epoch {other.LatestEpoch} or later");
        if (other is { Leads: false, Lease.HasLooked: false })
        {
            return Text($"there is no lease here, and {name} does not reach its lease store ({there}), ")
                + "so it cannot say whether there is one: look why";
        }

        string what = other.Leads ? Text($"{name} leads in {epoch}") : Text($"{name} finds the lease of {epoch}");
        string place = there.Length == 0 ? "elsewhere" : there == here ? Text($"at {there} too") : Text($"at {there}");
        string advice = there == here ? Text($"see whether that is the same place for both (leaseStore), and whether {name} reaches it")
            : "leaseStore of one of the two is wrong; correct it and start that member again";
        return Text($"there is no lease here, and {what}, by a lease {place}: {advice}");
    }

    private Standing JudgeRecovery(LeaseRecord lease, MemberState state, long next)
    {
        string[] named = [.. lease.InSync.Select(static copy => copy.Member)];
        MemberAnswer[] inSync = [.. Answers.Where(answer => named.Contains(answer.Copy.Member, StringComparer.Ordinal))];
        bool anyIntact = inSync.Any(answer => lease.InSync.Contains(answer.Copy));
        bool anyStoreLost = inSync.Any(static answer => answer.GroupId.Length == 0) || (named.Contains(context.Self.Member, StringComparer.Ordinal) && state.GroupId.Length == 0);

        // One that was taken out of the group is not asked, and may have everything: it counts as one that does not answer.
        IReadOnlyList<string> everybody = Everybody;
        string[] removed = [.. named.Except(everybody, StringComparer.Ordinal)];
        if (context.Rules.MayRecover(everybody.Count + removed.Length, _answers.Count + 1, anyIntact, anyStoreLost))
        {
            return IsBest() ? Standing.Recovery : Standing.None;
        }

        if (!anyIntact)
        {
            string back = removed.Length == 0 ? string.Empty : $"; {string.Join(", ", removed)} is no member any more (groupMembers): put it back until another one is in sync";
            Obstacle = Text(
                $"this copy ({context.Self}) is not in sync, and no member that is ({string.Join(", ", named)}) has taken the lease{back}; if they are lost for ever, {SetUnclean} to {next}: what only they have is lost then");
        }

        return Standing.None;
    }

    private string? FindForeigner(LeaseRecord? lease, MemberState state)
    {
        if (lease is not null && context.Persisted.FindForeigner(lease, context.Options.GroupName) is { } foreigner)
        {
            return foreigner;
        }

        MemberAnswer? other = Answers.FirstOrDefault(answer => answer.GroupId.Length > 0 && state.GroupId.Length > 0 && answer.GroupId != state.GroupId);
        return other is null
            ? null
            : Text($"this store belongs to group {state.GroupId}, that of {other.Copy.Member} to group {other.GroupId}: one of them is another group's; move it away and start that member empty");
    }

    /// <summary>
    /// It was handed over to this member, or an earlier process of this member has it: nobody else is to lead, whatever they have.
    /// </summary>
    private bool IsChosen(LeaseRecord lease) => lease.IsHeldBy(context.Self.Member) || (lease.Holder.Length == 0 && lease.Successor == context.Self.Member);

    private string WhoSaw(long epoch, MemberState state) =>
        epoch == state.Seen ? "this member" : Answers.First(answer => answer.LatestEpoch == epoch).Copy.Member;

    private bool IsBest() => CountAhead(static _ => true) == 0;

    private int CountAhead(Func<MemberAnswer, bool> isRival)
    {
        LogEnd own = context.Host.LogEnd;
        return Answers.Count(answer => isRival(answer) && context.Rules.GoesBefore(answer, own, context.Self.Member));
    }

    private IEnumerable<string> Missing(IReadOnlyList<string> everybody) => everybody.Where(member => member != context.Self.Member && !_answers.ContainsKey(member));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
