using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Statistics.History;
using RocketOps.Broker.Topics;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Statistics;

/// <summary>
/// Rates and sums of topics, of groups on topics, and of the broker, under RocketMQ's names. The counters belong to the hot paths: what is appended is counted by the store
/// per topic, what is read by the pulls per group and topic; every ten seconds all of them are sampled. Source: admin.md §3. Thread-safe.
/// </summary>
internal sealed partial class BrokerStatistics(
    CurrentOptions<StatisticsOptions> options, TopicTable topics, GroupTable groups, MessageStore store, PullCounters pulls, TimeProvider time, ILogger<BrokerStatistics> logger) : IAsyncDisposable
{
    private const string TopicPutNums = "TOPIC_PUT_NUMS";
    private const string TopicPutSize = "TOPIC_PUT_SIZE";
    private const string GroupGetNums = "GROUP_GET_NUMS";
    private const string GroupGetSize = "GROUP_GET_SIZE";
    private const string SendBackNums = "SNDBCK_PUT_NUMS";
    private const string BrokerPutNums = "BROKER_PUT_NUMS";
    private const string BrokerGetNums = "BROKER_GET_NUMS";
    private const string BrokerPutNumsOfUsers = "BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC";
    private const string BrokerGetNumsOfUsers = "BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC";

    /// <summary>Separates topic and group in a key; neither can have it in its name.</summary>
    private const char Separator = '@';

    private const int TicksPerHourSample = 60;
    private const int TicksPerDaySample = 360;

    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(10);

    // Guards the histories; held for one of them at a time.
    private readonly Lock _gate = new();
    private readonly long _begun = time.GetTimestamp();
    private readonly ConcurrentDictionary<TopicState, TopicPuts> _puts = new();
    private readonly TrafficHistory _brokerPuts = new();
    private readonly TrafficHistory _brokerGets = new();
    private readonly TrafficHistory _userPuts = new();
    private readonly TrafficHistory _userGets = new();
    private Traffic _putByUsers;
    private int _groupTraffics;
    private long _ticks;
    private ITimer? _sampler;

    /// <summary>Takes the first samples and goes on every ten seconds.</summary>
    public void Start()
    {
        TrySample();
        _sampler = time.CreateTimer(static state => ((BrokerStatistics)state!).TrySample(), this, SampleInterval, SampleInterval);
    }

    public async ValueTask DisposeAsync()
    {
        if (_sampler is not null)
        {
            await _sampler.DisposeAsync();
        }
    }

    /// <summary>The counters of a group on a topic; null when there are <c>maxStatisticsKeys</c> already, and these are not counted. Neither locks nor allocates once they exist.</summary>
    public GroupTraffic? Of(GroupState group, TopicState topic) => group.TryGetTraffic(topic, out GroupTraffic? traffic) ? traffic : Add(group, topic);

    /// <summary>Messages a second that the group was given of the topic during the last minute.</summary>
    public double GetTpsOf(string group, string topic) =>
        Find(group, topic) is { } traffic ? Read(traffic.Reads, TrafficUnit.Messages).Minute.Tps : 0;

    /// <summary>Messages a second that were stored in the topic during the last minute.</summary>
    public double PutTpsOf(TopicState topic) => _puts.TryGetValue(topic, out TopicPuts? puts) ? Read(puts.History, TrafficUnit.Messages).Minute.Tps : 0;

    /// <summary>Offset up to which the group's members have been given the queue's messages; 0 when unknown.</summary>
    public long PullOffsetOf(string group, string topic, int queueId) => Find(group, topic)?.PullOffsetOf(queueId) ?? 0;

    /// <summary>The statistic of that name and key; null when there is none, or nothing has been counted under the key yet.</summary>
    public StatisticsData? Find(string name, string key, string clusterName) => name switch
    {
        TopicPutNums => OfTopic(key, TrafficUnit.Messages),
        TopicPutSize => OfTopic(key, TrafficUnit.Bytes),
        GroupGetNums => OfGroup(key, sentBack: false, TrafficUnit.Messages),
        GroupGetSize => OfGroup(key, sentBack: false, TrafficUnit.Bytes),
        SendBackNums => OfGroup(key, sentBack: true, TrafficUnit.Messages),
        _ when !string.Equals(key, clusterName, StringComparison.Ordinal) => null,
        BrokerPutNums => Read(_brokerPuts, TrafficUnit.Messages),
        BrokerGetNums => Read(_brokerGets, TrafficUnit.Messages),
        BrokerPutNumsOfUsers => Read(_userPuts, TrafficUnit.Messages),
        BrokerGetNumsOfUsers => Read(_userGets, TrafficUnit.Messages),
        _ => null,
    };

    internal void Sample()
    {
        long now = (long)time.GetElapsedTime(_begun).TotalMilliseconds;
        long tick = _ticks++;
        SamplesDue due = tick % TicksPerDaySample == 0 ? SamplesDue.Day : tick % TicksPerHourSample == 0 ? SamplesDue.Hour : SamplesDue.Minute;
        SampleTopics(now, due);
        SampleGroups(now, due);
        StoreStats stats = store.GetStats();
        Sample(_brokerPuts, new Traffic(stats.MessagesAppended, stats.BytesAppended, stats.MessagesAppended), now, due);
        Sample(_brokerGets, new Traffic(pulls.Messages, pulls.Bytes, pulls.Messages), now, due);
        Sample(_userPuts, _putByUsers, now, due);
        Sample(_userGets, new Traffic(pulls.MessagesOfUsers, 0, pulls.MessagesOfUsers), now, due);
    }

    private void TrySample()
    {
        try
        {
            Sample();
        }
        catch (Exception failure)
        {
            // On a timer: an exception would end the process.
            LogSampleFailed(failure);
        }
    }

    private void SampleTopics(long now, SamplesDue due)
    {
        foreach (TopicState topic in topics.All)
        {
            TopicAppends appended = topic.StoreTopic.Appended;
            if (appended.Times == 0)
            {
                continue;
            }

            TopicPuts puts = _puts.GetOrAdd(topic, static _ => new TopicPuts());
            Traffic traffic = new(appended.Messages, appended.Bytes, appended.Times);
            if (!topic.IsSystem)
            {
                long messages = _putByUsers.Messages + traffic.Messages - puts.Seen.Messages;
                _putByUsers = new Traffic(messages, 0, messages);
            }

            puts.Seen = traffic;
            Sample(puts.History, traffic, now, due);
        }

        if (due >= SamplesDue.Hour)
        {
            foreach (TopicState topic in _puts.Keys.Where(topic => !IsThere(topic)))
            {
                _puts.TryRemove(topic, out _);
            }
        }
    }

    private void SampleGroups(long now, SamplesDue due)
    {
        int count = 0;
        foreach (GroupState group in groups.All)
        {
            foreach ((TopicState topic, GroupTraffic traffic) in group.Traffic)
            {
                if (due >= SamplesDue.Hour && !IsThere(topic))
                {
                    group.RemoveTraffic(topic);
                    continue;
                }

                count++;
                Sample(traffic.Reads, traffic.Read, now, due);
                Sample(traffic.SendBacks, traffic.SentBack, now, due);
            }
        }

        Volatile.Write(ref _groupTraffics, count);
    }

    private void Sample(TrafficHistory history, in Traffic traffic, long now, SamplesDue due)
    {
        lock (_gate)
        {
            history.Sample(traffic, now, due);
        }
    }

    private StatisticsData Read(TrafficHistory history, TrafficUnit unit)
    {
        lock (_gate)
        {
            return new StatisticsData(history.Minute(unit), history.Hour(unit), history.Day(unit));
        }
    }

    private StatisticsData? OfTopic(string name, TrafficUnit unit)
    {
        if (!topics.TryGet(name, out TopicState? topic) || topic.StoreTopic.Appended.Times == 0)
        {
            return null;
        }

        return _puts.TryGetValue(topic, out TopicPuts? puts) ? Read(puts.History, unit) : default(StatisticsData);
    }

    private StatisticsData? OfGroup(string key, bool sentBack, TrafficUnit unit)
    {
        int at = key.IndexOf(Separator, StringComparison.Ordinal);
        if (at <= 0 || Find(key[(at + 1)..], key[..at]) is not { } traffic || (sentBack ? traffic.SentBack : traffic.Read).Times == 0)
        {
            return null;
        }

        return Read(sentBack ? traffic.SendBacks : traffic.Reads, unit);
    }

    private GroupTraffic? Find(string groupName, string topicName) =>
        groups.TryGet(groupName, out GroupState? group) && topics.TryGet(topicName, out TopicState? topic) && group.TryGetTraffic(topic, out GroupTraffic? traffic) ? traffic : null;

    private GroupTraffic? Add(GroupState group, TopicState topic)
    {
        if (Volatile.Read(ref _groupTraffics) >= options.Value.MaxStatisticsKeys)
        {
            return null;
        }

        Interlocked.Increment(ref _groupTraffics);
        return group.AddTraffic(topic);
    }

    private bool IsThere(TopicState topic) => topics.TryGet(topic.Name, out TopicState? current) && ReferenceEquals(current, topic);

    [LoggerMessage(EventId = 3901, Level = LogLevel.Error, Message = "Sampling the statistics failed; tried again in 10 s")]
    private partial void LogSampleFailed(Exception failure);

    /// <summary>History that a topic's messages are sampled into, with what was seen last.</summary>
    private sealed class TopicPuts
    {
        public TrafficHistory History { get; } = new();

        public Traffic Seen { get; set; }
    }
}

/// <summary>A statistic over its three windows.</summary>
internal readonly record struct StatisticsData(TrafficWindow Minute, TrafficWindow Hour, TrafficWindow Day);
