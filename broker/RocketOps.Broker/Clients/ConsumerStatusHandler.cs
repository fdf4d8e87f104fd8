using System.Text.Json;
using Microsoft.Extensions.Logging;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Json;

namespace RocketOps.Broker.Clients;

/// <summary>
/// INVOKE_BROKER_TO_GET_CONSUMER_STATUS (223): asks the members of a group, or the one named, how far they are with a topic's queues (GET_CONSUMER_STATUS_FROM_CLIENT,
/// 221). Who does not answer in time is left out. Source: admin.md §2.5.
/// </summary>
internal sealed partial class ConsumerStatusHandler(ConsumerTable consumers, ILogger<ConsumerStatusHandler> logger) : AsyncRequestHandler
{
    /// <summary>RocketMQ waits as long for a client.</summary>
    private static readonly TimeSpan ClientTimeout = TimeSpan.FromSeconds(5);

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string topic = request.GetRequired("topic");
        string group = request.GetRequired("group");
        string? only = request.Get("clientAddr") is { Length: > 0 } named ? named : null;
        if (!consumers.TryGet(group, out ConsumerGroup? online) || online.IsEmpty)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"No Any Consumer online in the consumer group: [{group}]");
        }

        ClientChannel[] members = [.. online.Channels.Where(channel => only is null || string.Equals(channel.ClientId, only, StringComparison.Ordinal))];
        if (members.FirstOrDefault(static member => member.Version < MqVersion.ResetOffsetByPush) is { } old)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"the client does not support this feature. version={old.Version}");
        }

        KeyValuePair<string, JsonDocument?>[] tables = await Task.WhenAll(members.Select(member => AskAsync(member, topic, group, cancellationToken)));
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = Write(tables);
        return response;
    }

    private static ReadOnlyMemory<byte> Write(KeyValuePair<string, JsonDocument?>[] tables)
    {
        FastJsonWriter json = new();
        json.BeginObject().Name("consumerTable").BeginObject();
        foreach ((string clientId, JsonDocument? table) in tables)
        {
            if (table is null)
            {
                continue;
            }

            using (table)
            {
                json.Name(clientId).BeginObject();
                foreach (JsonProperty entry in QueuesOf(table.RootElement))
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
        }

        return json.EndObject().Name("messageQueueTable").BeginObject().EndObject().EndObject().Written;
    }

    private static JsonElement.ObjectEnumerator QueuesOf(JsonElement body) =>
        body.TryGetProperty("messageQueueTable", out JsonElement queues) && queues.ValueKind == JsonValueKind.Object ? queues.EnumerateObject() : default;

    private async Task<KeyValuePair<string, JsonDocument?>> AskAsync(ClientChannel member, string topic, string group, CancellationToken cancellationToken)
    {
        string problem;
        try
        {
            RemotingCommand question = RemotingCommand.CreateRequest(RequestCode.GetConsumerStatusFromClient).Set("topic", topic).Set("group", group);
            RemotingCommand answer = await member.Connection.InvokeAsync(question, ClientTimeout, cancellationToken);
            if (answer.Code == ResponseCode.Success)
            {
                JsonDocument? table = answer.Body.IsEmpty ? null : JsonDocument.Parse(LenientJson.ToStrict(answer.Body.Span).ToArray());
                if (table is null || IsWellFormed(table.RootElement))
                {
                    return new(member.ClientId, table);
                }

                table.Dispose();
                problem = "its answer is no table of queues";
            }
            else
            {
                problem = $"it answered {answer.Code} {answer.Remark}";
            }
        }
        catch (Exception lost) when (lost is TimeoutException or IOException or InvalidOperationException or JsonException)
        {
            problem = lost.Message;
        }

        LogNoStatus(member.ClientId, group, problem);
        return new(member.ClientId, null);
    }

    /// <summary>Clients write what they like: looked at before anything of it is handed on.</summary>
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

        static bool IsText(JsonElement queue, string name) => queue.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String;
    }

    [LoggerMessage(EventId = 3504, Level = LogLevel.Warning, Message = "Client {ClientId} of {Group} has not told how far it is: {Problem}")]
    private partial void LogNoStatus(string clientId, string group, string problem);
}
