using System.Collections.Concurrent;
using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Masters;

/// <summary>
/// Looks at one kind of thing on all masters of clusters (topics, consumer groups): each round asks a name server who is there and each master once for all it has, and every object takes what concerns it from
/// that. A master that does not answer holds no pass up. Knows since when somebody is away. Bounded by the number of broker groups. Thread-safe.
/// </summary>
/// <param name="options">How long rounds are, and how long somebody may be away.</param>
/// <param name="time">The clock.</param>
/// <param name="infos">Who is registered.</param>
/// <param name="read">Asks a master for all it has, by name.</param>
internal sealed class MasterRounds<TEntry>(
    OperatorOptions options, TimeProvider time, ClusterInfos infos, Func<IRocketMqAdmin, string, CancellationToken, Task<IEnumerable<KeyValuePair<string, TEntry>>>> read)
    where TEntry : class
{
    private readonly LatestAnswers<(ObjectKey Cluster, string Address), MasterTable<TEntry>> _tables = new(time, options.AdminTimeout, options.ProgressInterval, options.ResyncInterval);
    private readonly ConcurrentDictionary<(ObjectKey Cluster, string Broker), Absence> _absences = new();

    /// <summary>Every object is looked at once per round, at its own time: with half a round an answer serves about half of them.</summary>
    private TimeSpan Round => options.ResyncInterval / 2;

    /// <param name="cluster">The cluster.</param>
    /// <param name="admin">Its client.</param>
    /// <param name="isSettled">Nothing is awaited.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    public async Task<MasterRound<TEntry>> AskAsync(BrokerCluster cluster, IRocketMqAdmin admin, bool isSettled, CancellationToken cancellationToken)
    {
        ObjectKey key = cluster.Key();
        Latest<ClusterInfo> info = await infos.GetAsync(key, admin, isSettled, cancellationToken);
        ClusterNames names = new ClusterNames(cluster.Name(), cluster.Namespace()!);
        Away? silence = Note(
            cluster, "", info.IsFailing ? new Problem(Reasons.NameServersUnreachable, $"The name servers at {names.NameServerRegistrationAddress} do not answer the operator.") : null);
        if (info.Answer is null)
        {
            return new MasterRound<TEntry>([], silence);
        }

        List<RoundMaster<TEntry>> masters = [];
        foreach (GroupMaster master in ClusterMasters.Find(cluster, info.Answer))
        {
            masters.Add(await AskAsync(cluster, admin, master, cancellationToken));
        }

        return new MasterRound<TEntry>(masters, silence);
    }

    /// <summary>Returns the last answers of all masters that are asked, without asking anybody.</summary>
    /// <returns>Masters with their tables; null while one of them, or who they are, is not known.</returns>
    public IReadOnlyList<RoundMaster<TEntry>>? Known(BrokerCluster cluster)
    {
        ObjectKey key = cluster.Key();
        if (infos.Known(key) is not { } info)
        {
            return null;
        }

        List<RoundMaster<TEntry>> masters = [];
        foreach (GroupMaster master in ClusterMasters.Find(cluster, info))
        {
            if (master.Address is not { } address || _tables.Known((key, address)) is not { } table)
            {
                return null;
            }

            masters.Add(new RoundMaster<TEntry>(master.Broker, address, table, null));
        }

        return masters;
    }

    /// <summary>Something was removed from a master.</summary>
    public void Removed(ObjectKey cluster, string address, string name) => _tables.Known((cluster, address))?.Set(name, null);

    /// <summary>A master was asked for one thing, and that failed. When it did not answer, passes over the others need not try.</summary>
    /// <returns>What it means for the object, see <see cref="MasterCalls.Describe"/>.</returns>
    public (Problem? Refused, Problem? Silent) Failed(ObjectKey cluster, RoundMaster<TEntry> master, Exception failed)
    {
        (Problem? refused, Problem? silent) = MasterCalls.Describe(failed, master.Broker);
        if (silent is not null)
        {
            _tables.Fail((cluster, master.Address!));
        }

        return (refused, silent);
    }

    private async Task<RoundMaster<TEntry>> AskAsync(BrokerCluster cluster, IRocketMqAdmin admin, GroupMaster master, CancellationToken cancellationToken)
    {
        if (master.Address is not { } address)
        {
            return new RoundMaster<TEntry>(master.Broker, null, null, Note(cluster, master.Broker, new Problem(Reasons.ClusterNotReady, $"No master of {master.Broker} is registered.")));
        }

        Latest<MasterTable<TEntry>> table = await _tables.GetAsync(
            (cluster.Key(), address), Round, async token => new MasterTable<TEntry>(await read(admin, address, token)), cancellationToken);
        return table.IsFailing
            ? new RoundMaster<TEntry>(master.Broker, address, null, Note(cluster, master.Broker, new Problem(Reasons.BrokerUnreachable, $"The master of {master.Broker} does not answer the operator.")))
            : new RoundMaster<TEntry>(master.Broker, address, table.Answer, Note(cluster, master.Broker, null));
    }

    private Away? Note(BrokerCluster cluster, string broker, Problem? problem)
    {
        if (problem is null)
        {
            _absences.TryRemove((cluster.Key(), broker), out _);
            return null;
        }

        long now = time.GetTimestamp();
        if (!_absences.ContainsKey((cluster.Key(), broker)))
        {
            DropOld();
        }

        // A cluster that was made again under its name has other masters.
        Absence absence = _absences.AddOrUpdate(
            (cluster.Key(), broker),
            static (_, seen) => new Absence(seen.Uid, seen.Now, seen.Now),
            static (_, absence, seen) => absence.Uid == seen.Uid ? absence with { NotedAt = seen.Now } : new Absence(seen.Uid, seen.Now, seen.Now),
            (Uid: cluster.Uid(), Now: now));
        return new Away(problem, time.GetElapsedTime(absence.Since, now) >= options.TopicGrace);
    }

    /// <summary>
    /// Drops entries of clusters that nobody asks about any more, which are those that are gone, or have nothing any more: the others are
    /// looked at once per round.
    /// </summary>
    private void DropOld()
    {
        foreach (KeyValuePair<(ObjectKey, string), Absence> absence in _absences)
        {
            if (time.GetElapsedTime(absence.Value.NotedAt) > 4 * options.TopicGrace)
            {
                _absences.TryRemove(absence);
            }
        }
    }

    /// <summary>Time since which somebody is missed.</summary>
    /// <param name="Uid">Of the cluster.</param>
    /// <param name="Since">When it was noted first.</param>
    /// <param name="NotedAt">And last.</param>
    private sealed record Absence(string? Uid, long Since, long NotedAt);
}

/// <summary>Last answers of one name server and all masters of a cluster about what they have.</summary>
/// <param name="Masters">One per wanted group; empty when no name server ever answered.</param>
/// <param name="Silence">Name servers do not answer; null when they do.</param>
internal sealed record MasterRound<TEntry>(IReadOnlyList<RoundMaster<TEntry>> Masters, Away? Silence)
    where TEntry : class;

/// <summary>A master and what it has.</summary>
/// <param name="Broker">Name of the group.</param>
/// <param name="Address">Of the master, <c>host:port</c>; null while none is registered.</param>
/// <param name="Table">By name; null while the master is away.</param>
/// <param name="Away">Why nothing is known of it; null when something is.</param>
internal sealed record RoundMaster<TEntry>(string Broker, string? Address, MasterTable<TEntry>? Table, Away? Away)
    where TEntry : class;

/// <summary>Somebody is not there, or does not answer.</summary>
/// <param name="Problem">For people.</param>
/// <param name="IsLong">For longer than a restart takes.</param>
internal sealed record Away(Problem Problem, bool IsLong);

/// <summary>The master of a broker group, where topics and consumer groups are written.</summary>
/// <param name="Broker">Name of the group.</param>
/// <param name="Address">Of its master, <c>host:port</c>; null while none is registered.</param>
internal sealed record GroupMaster(string Broker, string? Address);
