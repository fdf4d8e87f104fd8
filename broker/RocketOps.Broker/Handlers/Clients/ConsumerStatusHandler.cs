using System.Text.Json;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Clients;

/// <summary>
/// INVOKE_BROKER_TO_GET_CONSUMER_STATUS (223): asks the members of a group, or the one named, how far they are with a topic's queues (GET_CONSUMER_STATUS_FROM_CLIENT,
/// 221). Who does not answer in time is left out. What a member says is its own to hold until it is written on, one after the other as they come. Source: admin.md §2.5.
/// </summary>
internal sealed partial class ConsumerStatusHandler(ConsumerTable consumers, ILogger<ConsumerStatusHandler> logger) : HeavyRequestHandler(onlyLarge: true)
{
    /// <summary>Bytes of what members say from which on the answer takes a turn: some hundred queues.</summary>
    private const int Large = 64 * 1024;

    /// <summary>RocketMQ waits as long for a client.</summary>
    private static readonly TimeSpan ClientTimeout = TimeSpan.FromSeconds(5);

    protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        string topic = request.GetRequired("topic");
        string group = request.GetRequired("group");
        string? only = request.Get("clientAddr") is { Length: > 0 } named ? named : null;
        if (!consumers.TryGet(group, out OnlineGroup? online) || online.IsEmpty)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"No Any Consumer online in the consumer group: [{group}]");
        }

        ClientChannel[] members = [.. online.Channels.Where(channel => only is null || string.Equals(channel.ClientId, only, StringComparison.Ordinal))];
        if (members.FirstOrDefault(static member => member.Version < MqVersion.ResetOffsetByPush) is { } old)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"the client does not support this feature. version={old.Version}");
        }

        AnswerBody body = new(answer, "ask for its clients one by one (clientAddr)");
        FastJsonWriter json = new(body);
        json.BeginObject().Name("consumerTable").BeginObject();
        if (!await WriteTablesAsync(json, members, topic, group, answer, cancellationToken))
        {
            return null;
        }

        json.EndObject().Name("messageQueueTable").BeginObject().EndObject().EndObject();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return response;
    }

    /// <summary>False when whoever asked has gone.</summary>
    private async Task<bool> WriteTablesAsync(FastJsonWriter json, ClientChannel[] members, string topic, string group, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task<Told?>> asked = [.. members.Select(member => AskAsync(member, topic, group, enough.Token))];
        try
        {
            long bytes = 0;
            await foreach (Task<Told?> answered in Task.WhenEach(asked).WithCancellation(cancellationToken))
            {
                if (await answered is not { } told)
                {
                    continue;
                }

                bool isLarge = bytes > Large;
                bytes += told.Table.Length;
                if (!isLarge && bytes > Large && !await answer.TakeTurnAsync(cancellationToken))
                {
                    return false;
                }

                WriteTable(json, told, group);
                told.Dispose();
            }

            return true;
        }
        finally
        {
            await enough.CancelAsync();
            await ((Task)Task.WhenAll(asked)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (Task<Told?> answered in asked.Where(static answered => answered.IsCompletedSuccessfully))
            {
                (await answered)?.Dispose();
            }
        }
    }

    private void WriteTable(FastJsonWriter json, Told told, string group)
    {
        string problem = "its answer is no table of queues";
        try
        {
            using JsonDocument table = JsonDocument.Parse(LenientJson.ToStrict(told.Table.Span).ToArray());
            if (IsWellFormed(table.RootElement))
            {
                WriteTable(json.Name(told.ClientId), table.RootElement);
                return;
            }
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // The second is what half a surrogate pair in a text comes to.
            problem = malformed.Message;
        }

        LogNoStatus(told.ClientId, group, problem);
    }

    private static void WriteTable(FastJsonWriter json, JsonElement table)
    {
        json.BeginObject();
        foreach (JsonProperty entry in QueuesOf(table))
        {
            // The key was a bean; it is one again.
            using JsonDocument queue = JsonDocument.Parse(entry.Name);
            json.BeginObjectName()
                .Field("brokerName", queue.RootElement.GetProperty("brokerName").GetString())
                .Field("queueId", queue.RootElement.GetProperty("queueId").GetInt64())
                .Field("topic", queue.RootElement.GetProperty("topic").GetString())
                .EndObjectName()
                .Value(entry.Value.GetInt64());
        }

        json.EndObject();
    }

    private static JsonElement.ObjectEnumerator QueuesOf(JsonElement body) =>
        body.TryGetProperty("messageQueueTable", out JsonElement queues) && queues.ValueKind == JsonValueKind.Object ? queues.EnumerateObject() : default;

    /// <summary>Asks the member for its status; null when there is nothing of it to pass on.</summary>
    private async Task<Told?> AskAsync(ClientChannel member, string topic, string group, CancellationToken cancellationToken)
    {
        string problem;
        try
        {
            RemotingCommand question = RemotingCommand.CreateRequest(RequestCode.GetConsumerStatusFromClient).Set("topic", topic).Set("group", group);
            RemotingCommand answer = await member.Connection.InvokeAsync(question, ClientTimeout, cancellationToken);
            if (answer.Code == ResponseCode.Success)
            {
                return answer.Body.IsEmpty ? null : Told.Hold(member, answer.Body);
            }

            problem = $"it answered {answer.Code} {answer.Remark}";
        }
        catch (Exception lost) when (lost is TimeoutException or IOException or InvalidOperationException)
        {
            problem = lost.Message;
        }

        LogNoStatus(member.ClientId, group, problem);
        return null;
    }

    /// <summary>Clients write what they like: each text is read before anything of it is handed on. Throws <see cref="JsonException"/> or <see cref="InvalidOperationException"/> where that cannot be.</summary>
    private static bool IsWellFormed(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        foreach (JsonProperty entry in QueuesOf(body))
        {
            using JsonDocument queue = JsonDocument.Parse(entry.Name);
            if (queue.RootElement.ValueKind != JsonValueKind.Object
                || !IsText(queue.RootElement, "brokerName")
                || !IsText(queue.RootElement, "topic")
                || !queue.RootElement.TryGetProperty("queueId", out JsonElement queueId)
                || queueId.ValueKind != JsonValueKind.Number
                || !queueId.TryGetInt64(out _)
                || entry.Value.ValueKind != JsonValueKind.Number
                || !entry.Value.TryGetInt64(out _))
            {
                return false;
            }
        }

        return true;

        static bool IsText(JsonElement queue, string name) => queue.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.GetString() is not null;
    }

    [LoggerMessage(EventId = 3504, Level = LogLevel.Warning, Message = "Client {ClientId} of {Group} has not told how far it is: {Problem}")]
    private partial void LogNoStatus(string clientId, string group, string problem);

    /// <summary>A member's table, which counts as its own to hold, as the objects it becomes, until it is disposed.</summary>
    private sealed class Told : IDisposable
    {
        private HeldBytes? _held;

        private Told(string clientId, ReadOnlyMemory<byte> table, HeldBytes held)
        {
            ClientId = clientId;
            Table = table;
            _held = held;
        }

        public string ClientId { get; }

        public ReadOnlyMemory<byte> Table { get; }

        /// <summary>Throws <see cref="InvalidOperationException"/> when it takes more than anybody's table does, or than its member may hold.</summary>
        public static Told Hold(ClientChannel member, ReadOnlyMemory<byte> table)
        {
            long cost = JsonCost.Of(table.Span);
            if (cost > JsonCost.Most)
            {
                throw new InvalidOperationException($"its answer would take about {cost} bytes as objects, more than {JsonCost.Most}");
            }

            Told told = new(member.ClientId, table, member.Connection.Hold(cost));
            if (!member.Connection.IsAborted)
            {
                return told;
            }

            told.Dispose();
            throw new InvalidOperationException("its connection is closed for what it holds");
        }

        public void Dispose() => Interlocked.Exchange(ref _held, null)?.Dispose();
    }
}
