using System.Globalization;
using System.Text.Json;
using RocketOps.Client.Consuming.Queues;
using RocketOps.Client.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Consuming.Answers;

/// <summary>
/// GET_CONSUMER_RUNNING_INFO (307): what this member reads, how far it is and how it was set up, for mqadmin and consoles. Rates per topic are not kept here; they are metrics of the
/// meter <c>RocketOps.Client</c>. Source: remoting.md §2.7.
/// </summary>
internal sealed class RunningInfoHandler(IAnsweringConsumer consumer) : AsyncRequestHandler
{
    private const long BytesPerMebibyte = 1024 * 1024;

    /// <summary>Version that the frames of this client state, by its published name.</summary>
    private const string Version = "V5_3_3";

    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        if (request.Get("consumerGroup") != consumer.Group)
        {
            return ValueTask.FromResult<RemotingCommand?>(Refusal.NoSuchGroup(request));
        }

        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = Write(withStacks: string.Equals(request.Get("jstackEnable"), "true", StringComparison.OrdinalIgnoreCase));
        return ValueTask.FromResult<RemotingCommand?>(response);
    }

    private ReadOnlyMemory<byte> Write(bool withStacks)
    {
        FastJsonWriter json = new FastJsonWriter().BeginObject();
        if (withStacks)
        {
            json.Field("jstack", ThreadReport());
        }

        json.Name("mqPopTable").BeginObject().EndObject().Name("mqTable").BeginObject();
        foreach (ConsumedQueue queue in consumer.Reading)
        {
            Write(QueueKeys.Write(json, queue.Queue), queue);
        }

        json.EndObject().Name("properties").BeginObject()
            .Field("PROP_CLIENT_VERSION", Version)
            .Field("PROP_CONSUMEORDERLY", consumer.Options.IsOrderly ? "true" : "false")
            .Field("PROP_CONSUMER_START_TIMESTAMP", consumer.StartedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture))
            .Field("PROP_CONSUME_TYPE", consumer.Options.IsPolled ? ConsumerBody.Actively : ConsumerBody.Passively)
            .Field("PROP_NAMESERVER_ADDR", consumer.NameServers)
            .Field("PROP_THREADPOOL_CORE_SIZE", consumer.Options.MaxConcurrency.ToString(CultureInfo.InvariantCulture))
            .EndObject();
        return json.Name("statusTable").BeginObject().EndObject()
            .Name("subscriptionSet").Raw(JsonSerializer.SerializeToUtf8Bytes(consumer.Subscriptions, WireJson.Default.IReadOnlyListSubscription))
            .Name("userConsumerInfo").BeginObject().EndObject()
            .EndObject().Written;
    }

    private static void Write(FastJsonWriter json, ConsumedQueue queue)
    {
        ProcessQueueFigures figures = queue.Processing.Figures;
        json.BeginObject()
            .Field("cachedMsgCount", figures.Count)
            .Field("cachedMsgMaxOffset", figures.MaxOffset)
            .Field("cachedMsgMinOffset", figures.MinOffset)
            .Field("cachedMsgSizeInMiB", figures.Bytes / BytesPerMebibyte)
            .Field("commitOffset", queue.Offset ?? -1)
            .Field("droped", queue.Processing.IsDropped)
            .Field("lastConsumeTimestamp", figures.LastFinishedMs)
            .Field("lastLockTimestamp", 0)
            .Field("lastPullTimestamp", figures.LastPulledMs)
            .Field("locked", queue.IsLocked)
            .Field("transactionMsgCount", 0)
            .Field("transactionMsgMaxOffset", 0)
            .Field("transactionMsgMinOffset", 0)
            .Field("tryUnlockTimes", 0)
            .EndObject();
    }

    // A .NET process cannot walk the stacks of its own threads; what it knows of them is said, and what can.
    private static string ThreadReport() => string.Create(
        CultureInfo.InvariantCulture,
        $"A .NET process cannot list the stacks of its threads: run \"dotnet-stack report -p {Environment.ProcessId}\" on its machine.\nThread pool: {ThreadPool.ThreadCount} threads, {ThreadPool.PendingWorkItemCount} items waiting, {ThreadPool.CompletedWorkItemCount} done.\n");
}
