using System.Text;
using RocketOps.Broker.Persistence;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Names;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Topics;

/// <content>The tables of a master and its slaves: what a master tells, and how a slave follows it.</content>
internal sealed partial class TopicTable
{
    /// <summary>The table as slaves are told it: version, deletions and what they leave belong together.</summary>
    public FollowedTable<TopicConfig> Tell()
    {
        List<KeyValuePair<string, TopicConfig>> topics;
        DataVersion version;
        TableHistory history;
        lock (_changes)
        {
            topics = new(_count);
            topics.AddRange(_topics.Entries.Select(static topic => KeyValuePair.Create(topic.Key, topic.Value.Config)));
            version = _version;
            history = _history;
        }

        return new FollowedTable<TopicConfig>(version, InOrder(topics), history.Deletions);
    }

    /// <summary>
    /// The topics that were made or changed after a version of this table, with the version they lead to; null when that is too long ago, or everything has changed.
    /// Removed topics are not among them.
    /// </summary>
    public TopicChanges? ChangesSince(DataVersion version)
    {
        lock (_changes)
        {
            if (_recent.After(version.Counter) is not { } names)
            {
                return null;
            }

            SortedDictionary<string, TopicConfig> changed = new(StringComparer.Ordinal);
            foreach (string name in names)
            {
                if (_topics.TryGet(name, out TopicState? topic))
                {
                    changed[name] = topic.Config;
                }
            }

            return new TopicChanges(_version, changed);
        }
    }

    /// <summary>
    /// A slave's table becomes its master's, in the master's version; nothing happens when it is of that version already. Topics that were
    /// deleted there go, with their queues; those that the master's table only lacks stay (<see cref="TableHistory"/>). <see
    /// cref="FollowOutcome.IsComplete"/> is false when a topic that was deleted has messages that came since: it was perhaps made again. It
    /// stays, and this table keeps its version, so that the slave asks the master again.
    /// </summary>
    /// <param name="master">The master's table.</param>
    /// <param name="known">Where this log ended before the master was asked.</param>
    /// <param name="forgetAsync">
    /// Forgets, durably, what else belonged to topics that were deleted, before the deletions count as followed.
    /// </param>
    /// <param name="cancellationToken">
    /// Ends the wait for the last messages of topics that were deleted; what is not removed by then is followed another time. When the task
    /// has ended nothing goes on: another broker may have these files then.
    /// </param>
    public async Task<FollowOutcome> FollowAsync(FollowedTable<TopicConfig> master, PhysicalOffset known, Func<IReadOnlyList<string>,
        Task> forgetAsync, CancellationToken cancellationToken)
    {
        List<Task<bool>> removals = [];
        IReadOnlyList<KeyValuePair<string, DeletionNote>> deletions;
        FollowPlan plan;
        lock (_changes)
        {
            if (_version == master.Version)
            {
                return FollowOutcome.Nothing;
            }

            deletions = master.Deletions is { } told ? _history.NewIn(told) : [];
            Dictionary<string, DeletionNote> made = new(deletions, StringComparer.Ordinal);
            foreach ((string name, TopicConfig config) in master.Entries)
            {
                if (!made.ContainsKey(name) && TopicNames.FindProblem(Encoding.UTF8.GetBytes(name)) is null)
                {
                    Put(config.TopicName is null ? config with { TopicName = name } : config);
                }
            }

            foreach ((string name, DeletionNote note) in deletions)
            {
                // Its messages may be on their way still.
                _store.FollowDeletion(name, new ToldDeletion(new PhysicalOffset(note.End!.Value), note.Time));
            }

            plan = FollowPlan.Of(_history, master, _topics.Entries.Keys.Where(static name => !TopicNames.IsSystem(name)));
            foreach ((string name, PhysicalOffset end) in deletions.Select(static note =>
                (note.Key, new PhysicalOffset(note.Value.End!.Value))).Concat(plan.Removed.Select(name => (name, known))))
            {
                TryTake(name, out TopicState? removed);
                StoreTopic? stored = removed?.StoreTopic ?? _store.FindTopic(Encoding.UTF8.GetBytes(name));
                TopicConfig? again = TopicNames.FindProblem(Encoding.UTF8.GetBytes(name)) is null
                    ? master.Entries.GetValueOrDefault(name) : null;
                if (stored is not null || again is not null)
                {
                    Task<bool> removal = RemoveFollowedAsync(name, stored, end, removed?.Config, again, cancellationToken);
                    _leaving[name] = removal;
                    removals.Add(removal);
                }
            }

            if (removals.Count == 0 && deletions.Count == 0)
            {
                TakeVersion(master.Version);
                Volatile.Write(ref _history, plan.After(_history));
            }
        }

        // Before the removals, which wait for messages that are not replicated yet.
        await PublishAsync();
        if (removals.Count == 0 && deletions.Count == 0)
        {
            return plan.Outcome;
        }

        bool[] areGone = await Task.WhenAll(removals);
        if (!areGone.All(static isGone => isGone))
        {
            await PublishAsync();
            return plan.Outcome with { IsComplete = false };
        }

        string[] names = [.. deletions.Select(static note => note.Key), .. plan.Removed];
        await forgetAsync(names);
        lock (_changes)
        {
            TakeVersion(master.Version);
            TableHistory history = plan.After(_history);
            foreach ((string name, DeletionNote note) in deletions)
            {
                history = history.With(name, note);
            }

            Volatile.Write(ref _history, history);
        }

        await PublishAsync();
        return plan.Outcome with { Deleted = names };
    }

    /// <summary>
    /// Takes away the queues of a topic that the master has deleted, whose messages lie before an end. False when there are messages behind
    /// it and the master does not have the topic: then lookups find it again, and it is removed another time. One that the master has made
    /// again is there afterwards in any case.
    /// </summary>
    private async Task<bool> RemoveFollowedAsync(string name, StoreTopic? stored, PhysicalOffset end, TopicConfig? before,
        TopicConfig? again, CancellationToken cancellationToken)
    {
        // Leave the lock of the caller.
        await Task.Yield();
        bool isGone = false;
        try
        {
            isGone = stored is null || await _store.TryDeleteTopicAsync(stored, end, cancellationToken);
            return isGone || again is not null;
        }
        finally
        {
            lock (_changes)
            {
                _leaving.Remove(name);
                if ((again ?? (isGone ? null : before)) is { } config)
                {
                    Put(config.TopicName is null ? config with { TopicName = name } : config);
                }
            }
        }
    }

    /// <summary>Under the lock: the master's version, once the table is as the master's.</summary>
    private void TakeVersion(DataVersion version)
    {
        Volatile.Write(ref _version, version);
        _recent.Forget(_version.Counter);
    }
}
