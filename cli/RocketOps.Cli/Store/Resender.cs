using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Running;
using RocketOps.Client;
using RocketOps.Hosting.Hosts;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Client;

namespace RocketOps.Cli.Store;

/// <summary>
/// Sends stored messages again, byte for byte, one after another: what was in one queue goes to one queue, in its order. One caller at a
/// time.
/// </summary>
internal sealed class Resender : IAsyncDisposable
{
    private const string Group = "CLI_RESEND_GROUP";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(3);

    private readonly ClusterConnection _cluster;
    private readonly string? _broker;
    private readonly TimeSpan _patience;
    private readonly RemotingClient _remoting;
    private readonly Dictionary<string, TopicRoute?> _routes = new(StringComparer.Ordinal);

    /// <param name="cluster">Where to.</param>
    /// <param name="broker">Only to this broker name; null for all that have the topic.</param>
    /// <param name="shell">Whose clock and patience it has.</param>
    public Resender(ClusterConnection cluster, string? broker, Shell shell)
    {
        _cluster = cluster;
        _broker = broker;
        _patience = shell.Patient(Patience);
        _remoting = new RemotingClient(
            new RemotingClientOptions { ConnectTimeout = shell.Patient(ConnectPatience), InvokeTimeout = _patience }, NullLoggerFactory.Instance, HostResolver.FromEnvironment().ResolveToConnectAsync, time: shell.Time);
    }

    /// <summary>
    /// Sends the message and returns the result. Throws <see cref="CommandFailedException"/> when a broker does not answer or refuses it.
    /// </summary>
    public async Task<ResendOutcome> SendAsync(Resendable message, bool evenIfThere, CancellationToken cancellation)
    {
        TopicRoute? route = await RouteAsync(message.Topic, cancellation);
        MessageQueue[] queues = route is null ? [] : [.. WriteQueues(message.Topic, route)];
        if (queues.Length == 0)
        {
            return ResendOutcome.NoTopic;
        }

        if (!evenIfThere && await IsThereAsync(message, route!, cancellation))
        {
            return ResendOutcome.Present;
        }

        MessageQueue queue = queues[message.QueueId % queues.Length];
        await SendAsync(message, queue, route!.Brokers.First(broker => broker.BrokerName == queue.BrokerName).MasterAddress!, cancellation);
        return ResendOutcome.Sent;
    }

    public ValueTask DisposeAsync() => _remoting.DisposeAsync();

    private async Task<TopicRoute?> RouteAsync(string topic, CancellationToken cancellation)
    {
        if (!_routes.TryGetValue(topic, out TopicRoute? route))
        {
            route = await _cluster.Admin.GetTopicRouteAsync(topic, cancellation);
            _routes.Add(topic, route);
        }

        return route;
    }

    private IEnumerable<MessageQueue> WriteQueues(string topic, TopicRoute route) =>
        from queue in route.Queues
        where (_broker is null || queue.BrokerName == _broker) && queue.Permission.HasFlag(TopicPermission.Write)
        where route.Brokers.Any(broker => broker.BrokerName == queue.BrokerName && broker.MasterAddress is not null)
        orderby queue.BrokerName
        from id in Enumerable.Range(0, queue.WriteQueues)
        select new MessageQueue(topic, queue.BrokerName, id);

    // Producers that were not answered sent it again by themselves, under the same id. Brokers find a message by the topic it is stored in.
    private async Task<bool> IsThereAsync(Resendable message, TopicRoute route, CancellationToken cancellation)
    {
        foreach (BrokerData broker in message.UniqueKey.Length == 0 ? [] : ClusterConnection.WithMaster(route.Brokers))
        {
            foreach (string topic in new HashSet<string>(StringComparer.Ordinal) { message.Topic, message.StoredIn })
            {
                if ((await _cluster.Reader.FindByIdAsync(broker.MasterAddress!, topic, message.UniqueKey, cancellation)).Count > 0)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Source: remoting.md §4.4 (SEND_MESSAGE_V2).</summary>
    private async Task SendAsync(Resendable message, MessageQueue queue, string address, CancellationToken cancellation)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(message.IsBatch ? RequestCode.SendBatchMessage : RequestCode.SendMessageV2)
            .Set("a", Group)
            .Set("b", message.Topic)
            .Set("c", TopicNames.AutoCreateTemplate)
            .Set("d", 4)
            .Set("e", queue.QueueId)
            .Set("f", message.SysFlag)
            .Set("g", message.BornTimestamp)
            .Set("h", message.Flag)
            .Set("i", message.Properties)
            .Set("j", message.ReconsumeTimes)
            .Set("k", false)
            .Set("m", message.IsBatch)
            .Set("n", queue.BrokerName);
        request.Body = message.Body;
        RemotingCommand answer;
        try
        {
            answer = await _remoting.InvokeAsync(address, request, _patience, cancellation);
        }
        catch (Exception failure) when (failure is IOException or TimeoutException or System.Net.Sockets.SocketException)
        {
            throw new CommandFailedException($"{address} does not answer ({Running.Failures.Reason(failure)})");
        }

        // Stored, but not yet as safe as the broker is to keep it: it says so and keeps it.
        if (answer.Code is not (ResponseCode.Success or ResponseCode.FlushDiskTimeout or ResponseCode.FlushSlaveTimeout or ResponseCode.SlaveNotAvailable))
        {
            throw new CommandFailedException($"{address} does not take message {message.UniqueKey} of {message.Topic}: {answer.Remark} (code {answer.Code})");
        }
    }
}

/// <summary>Result for a message that was to be sent again.</summary>
internal enum ResendOutcome
{
    Sent,

    /// <summary>The cluster has a message with its id already.</summary>
    Present,

    /// <summary>No broker takes messages of its topic.</summary>
    NoTopic,
}
