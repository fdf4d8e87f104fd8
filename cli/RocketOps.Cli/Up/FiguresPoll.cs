using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Protocol.Commands;

namespace RocketOps.Cli.Up;

/// <summary>
/// Asks brokers for their figures beside the screen, so that one that hangs does not hold up what is shown. A broker that does not answer has none. What topics hold is
/// asked of one topic at a time, however many there are: a broker gets two requests in each round.
/// </summary>
internal sealed class FiguresPoll : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly RocketMqAdmin _admin;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _polling;
    private volatile IReadOnlyDictionary<string, BrokerFigures> _figures = new Dictionary<string, BrokerFigures>(StringComparer.Ordinal);
    private ImmutableDictionary<string, long> _messages = ImmutableDictionary.Create<string, long>(StringComparer.Ordinal);
    private volatile UpState _state = UpState.Empty;
    private int _round;

    /// <param name="time">When to ask.</param>
    /// <param name="loggers">For the client.</param>
    /// <param name="patience">How long a broker may take to answer; one round when nothing is said.</param>
    public FiguresPoll(TimeProvider time, ILoggerFactory loggers, TimeSpan? patience = null)
    {
        _time = time;
        _admin = new RocketMqAdmin(new AdminOptions { NameServers = "", RequestTimeout = patience ?? Interval, TimeProvider = time, LoggerFactory = loggers });
        _polling = Task.Run(PollAsync);
    }

    /// <summary>The newest figures by the broker's address.</summary>
    public IReadOnlyDictionary<string, BrokerFigures> Current => _figures;

    /// <summary>Number of messages a topic holds on all masters, by its key; without the topics of which one master has not told.</summary>
    public IReadOnlyDictionary<string, long> Messages => Volatile.Read(ref _messages);

    /// <summary>The brokers and topics to ask for from now on.</summary>
    public void Ask(UpState state) => _state = state;

    /// <summary>Counts one topic beside the rounds, whose turn may be far: what has just been sent to it is to be seen.</summary>
    public async Task CountAsync(UpState state, TopicView topic)
    {
        long? count = await CountAsync(topic, state.Clusters.FirstOrDefault(cluster => cluster.Key == topic.Cluster));
        ImmutableInterlocked.Update(ref _messages, static (known, told) => told.Count is { } messages ? known.SetItem(told.Key, messages) : known.Remove(told.Key), (topic.Key, Count: count));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _polling;
        await _admin.DisposeAsync();
        _stop.Dispose();
    }

    private async Task PollAsync()
    {
        try
        {
            while (true)
            {
                UpState state = _state;
                (string Address, BrokerFigures? Figures)[] answers = await Task.WhenAll(state.Clusters.SelectMany(static cluster => cluster.Members).Where(IsAsked).Select(member => AskAsync(member.Address)));
                _figures = answers.Where(answer => answer.Figures is not null).ToDictionary(answer => answer.Address, answer => answer.Figures!, StringComparer.Ordinal);
                await AskForNextTopicAsync(state);
                await Task.Delay(Interval, _time, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private static bool IsAsked(MemberView member) => member.IsReady && member.Address.Contains(':', StringComparison.Ordinal);

    private async Task AskForNextTopicAsync(UpState state)
    {
        ImmutableInterlocked.Update(ref _messages, static (known, topics) => known.RemoveRange(known.Keys.Where(key => topics.All(topic => topic.Key != key))), state.Topics);
        if (state.Topics.Count > 0)
        {
            await CountAsync(state, state.Topics[_round++ % state.Topics.Count]);
        }
    }

    /// <summary>Null when not every group has a master that tells.</summary>
    private async Task<long?> CountAsync(TopicView topic, ClusterView? cluster)
    {
        string[] masters = [.. cluster?.Members.Where(static member => member.IsMaster && IsAsked(member)).DistinctBy(static member => member.Group).Select(static member => member.Address) ?? []];
        if (masters.Length == 0 || masters.Length < cluster!.GroupCount)
        {
            return null;
        }

        long?[] counts = await Task.WhenAll(masters.Select(master => CountAsync(master, topic.TopicName)));
        return counts.Aggregate((long?)0, static (sum, count) => sum + count);
    }

    private async Task<long?> CountAsync(string master, string topic)
    {
        try
        {
            return (await _admin.GetTopicStatsAsync(master, topic, _stop.Token)).Queues.Values.Sum(static queue => queue.MaxOffset - queue.MinOffset);
        }
        catch (RocketMqException missing) when (missing.ResponseCode == ResponseCode.TopicNotExist)
        {
            // On some groups only, or not made yet.
            return 0;
        }
        catch (RocketMqException)
        {
            return null;
        }
    }

    private async Task<(string Address, BrokerFigures? Figures)> AskAsync(string address)
    {
        try
        {
            return (address, BrokerFigures.Of(await _admin.GetBrokerRuntimeInfoAsync(address, _stop.Token)));
        }
        catch (RocketMqException)
        {
            // Away for a restart, or it hangs: its state on the screen says so.
            return (address, null);
        }
    }
}
