using System.CommandLine;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Cli.Tracing;
using RocketOps.Client;
using RocketOps.Protocol.Names;

namespace RocketOps.Cli.Messages;

/// <summary><c>rocketops message trace</c>: who sent a message and who handled it, as their clients have told the trace topic.</summary>
internal static class MessageTraceCommand
{
    /// <summary>The most that brokers give at once. Matches maxMsgsNumBatch.</summary>
    private const int MaxTraces = 64;

    public static Command Create(Shell shell)
    {
        NameArgument topic = NameArgument.Topic("Topic of the message");
        Argument<string> id = new("ID") { Description = MessageGetCommand.IdDescription };
        id.Validators.Add(static result =>
        {
            if (result.Tokens is [{ } token] && MessageGetCommand.FindIdProblem(token.Value) is { } problem)
            {
                result.AddError($"{problem}.");
            }
        });
        Option<string> traces = new Option<string>("--trace-topic") { Description = "Where clients tell what happens, if not the usual one", HelpName = "TOPIC", DefaultValueFactory = _ => TopicNames.Trace }
            .CheckedBy(NameCheck.FindProblem);
        return new DocumentedCommand(
            "trace",
            "Show who sent a message and who handled it how often and with what result, as clients with traces have told",
            "rocketops message trace orders C0A8006400002A9F0000000000000000",
            "rocketops message trace orders C0A8006400002A9F0000000000000000 -o wide --watch")
        {
            topic, id, traces,
        }.ListsCluster(shell, (cluster, parsed, cancellation) => TraceAsync(shell, cluster, parsed.GetRequiredValue(topic), parsed.GetRequiredValue(id), parsed.GetRequiredValue(traces), cancellation));
    }

    private static async Task<(IPresentation Found, int Code)> TraceAsync(Shell shell, ClusterConnection cluster, string topic, string id, string traceTopic, CancellationToken cancellation)
    {
        TopicRoute route = await cluster.RouteAsync(topic, cancellation);
        TopicRoute traces = await cluster.Admin.GetTopicRouteAsync(traceTopic, cancellation)
            ?? throw CommandFailedException.Missing($"there is no topic {traceTopic}: nobody tells what happens to messages. Clients do with EnableTrace, and brokers make the topic with traceTopicEnable=true.");
        IReadOnlyList<TraceEvent> events = await FindAsync(shell, cluster, traces, traceTopic, id, cancellation);
        if (events.Count == 0 && await MessageGetCommand.ByIdAsync(cluster, route, topic, id, cancellation) is [{ } message, ..] && message.MessageId != id)
        {
            // It was the id of where the message is stored, which nobody but its sender has told.
            events = await FindAsync(shell, cluster, traces, traceTopic, message.MessageId, cancellation);
        }

        Listing listing = new(
            "time", "event", "group", "client", "retry", "millis", "result", Column.Wide("topic"), Column.Wide("tag"), Column.Wide("keys"), Column.Wide("bytes"), Column.Wide("broker"), Column.Wide("offsetMessageId"))
        {
            Empty = $"nobody has told {traceTopic} of message {id}: clients do with EnableTrace, some seconds after it happened",
        };
        foreach (TraceEvent each in events)
        {
            listing.Add(
                LocalTime.Text(each.TimeMs, shell.Time), each.What, each.Group, each.Client, each.Retry, each.CostMs, each.Result, each.Topic, each.Tag, each.Keys, each.Bytes, each.Broker, each.OffsetMessageId);
        }

        return (listing, events.Count > 0 ? ExitCodes.Success : ExitCodes.Failed);
    }

    private static async Task<IReadOnlyList<TraceEvent>> FindAsync(Shell shell, ClusterConnection cluster, TopicRoute route, string traceTopic, string id, CancellationToken cancellation)
    {
        List<(TraceRecord Record, string Client)> told = [];
        foreach (BrokerData broker in ClusterConnection.WithMaster(route.Brokers))
        {
            IReadOnlyList<ReceivedMessage> traces = await cluster.Reader.FindByKeyAsync(
                broker.MasterAddress!, traceTopic, id, MaxTraces, DateTimeOffset.UnixEpoch, shell.Time.GetUtcNow().AddDays(1), cancellation);
            told.AddRange(traces.SelectMany(static trace => TraceRecord.Parse(trace.GetText()).Select(record => (record, trace.BornHost.ToString()))));
            if (traces.Count >= MaxTraces)
            {
                await shell.Error.WriteLineAsync($"{broker.BrokerName} has given the newest {MaxTraces} traces of it; there may be older ones.");
            }
        }

        return TraceEvent.Of(told, id);
    }
}
