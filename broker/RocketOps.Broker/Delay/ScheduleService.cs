using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Offsets;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Dispatching;

namespace RocketOps.Broker.Delay;

/// <summary>Delivers delayed messages: one <see cref="LevelDelivery"/> per level. Part of a master's <c>RoleSession</c>. Source: remoting.md §5.2.</summary>
internal sealed class ScheduleService : IAsyncDisposable
{
    private readonly StoreTopic _schedule;
    private readonly LevelDelivery[] _levels;

    public ScheduleService(
        CurrentOptions<DelayOptions> options, MessageStore store, MessageAppender appender, DueMessages waiting, DelayOffsetTable offsets, TimeProvider time, ILogger<ScheduleService> logger)
    {
        _schedule = store.GetOrAddTopic(Encoding.UTF8.GetBytes(TopicNames.Schedule));
        DelayLevels levels = options.Value.DelayLevels;
        _levels = [.. Enumerable.Range(1, levels.MaxLevel).Select(level => new LevelDelivery(level, levels.DelayOf(level), store, _schedule, appender, waiting, offsets, time, logger))];
    }

    /// <summary>Milliseconds by which the next message of the level that is farthest behind is late. Any thread.</summary>
    public long LateMs => _levels.Max(static level => level.LateMs);

    public void Start()
    {
        foreach (LevelDelivery level in _levels)
        {
            level.Start();
        }
    }

    public void OnArrived(in MessageArrival message)
    {
        if (ReferenceEquals(message.Topic, _schedule) && (uint)message.QueueId < (uint)_levels.Length)
        {
            _levels[message.QueueId].OnArrived();
        }
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_levels.Select(static level => level.DisposeAsync().AsTask()));
}
