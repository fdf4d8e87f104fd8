using System.Globalization;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Histories;

/// <summary>The static topic of a random history: logical queues that move from one physical queue to the next, in the steps of mqadmin remappingStaticTopic.</summary>
public sealed class StaticTopic(RocketOpsServer server)
{
    public const string Name = "Moved";
    public const int LogicalQueues = 2;

    private const string Broker = "broker-a";

    /// <summary>More than a history has moves.</summary>
    private const int PhysicalQueues = 32;

    /// <summary>The next stretch begins at a multiple of it, as mqadmin has it: what was under way to the last one has room.</summary>
    private const long Block = 10_000;

    private const int GetMaxOffset = 30;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly List<Stretch>[] _queues = [[new Stretch(0, 0, 0)], [new Stretch(0, 1, 0)]];
    private long _epoch = 1_731_999_999_000;
    private int _moves;

    public async Task MakeAsync() => await WriteAsync();

    /// <summary>Moves a logical queue to a physical queue of its own; returns its number.</summary>
    public async Task<int> MoveAsync()
    {
        List<Stretch> stretches = _queues[_moves % LogicalQueues];
        Stretch last = stretches[^1];
        int physical = LogicalQueues + _moves++;
        _epoch++;
        stretches.Add(new Stretch(last.Gen + 1, physical, -1));
        await WriteAsync();
        long end = await EndOfAsync(last.QueueId);
        stretches[^2] = last with { End = end };
        stretches[^1] = stretches[^1] with { LogicOffset = (last.LogicOffset + end + Block) / Block * Block };
        await WriteAsync();
        return physical;
    }

    /// <summary>Between the end of a stretch and the beginning of the next one.</summary>
    public IEnumerable<Hole> FindHoles() =>
        _queues.SelectMany(static (stretches, queue) => stretches.Zip(stretches.Skip(1), (stretch, next) => new Hole(Name, queue, stretch.LogicOffset + stretch.End, next.LogicOffset)));

    private Task<RawFrame> WriteAsync()
    {
        string queues = string.Join(',', _queues.Select(static (stretches, id) => $"\"{id}\":[{string.Join(',', stretches.Select(static one => StaticTopicRows.Item(Broker, one.Gen, one.QueueId, one.LogicOffset, one.End)))}]"));
        return AskAsync(broker => StaticTopicRows.MakeAsync(broker, Name, PhysicalQueues, StaticTopicRows.Mapping(Name, Broker, _epoch, LogicalQueues, queues)));
    }

    private async Task<long> EndOfAsync(int physicalQueue)
    {
        Dictionary<string, string> fields = RawFields.Queue(Name, physicalQueue);
        fields["lo"] = "false";
        return long.Parse((await AskAsync(broker => broker.RequestAsync(GetMaxOffset, fields))).ExtFields["offset"], CultureInfo.InvariantCulture);
    }

    private async Task<RawFrame> AskAsync(Func<RawConnection, Task<RawFrame>> ask)
    {
        RawFrame? answer = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
                    answer = await ask(broker);
                    return answer.Code == RawBroker.Success;
                }
                catch (Exception exception) when (LostConnection.Is(exception))
                {
                    return false;
                }
            },
            $"the mapping of {Name} is written",
            Patience);
        return answer!;
    }

    private sealed record Stretch(int Gen, int QueueId, long LogicOffset, long End = -1);
}
