using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Messages;

/// <summary>Sends the messages of one <c>produce</c>, one request after the other: they are stored in the order they were given.</summary>
internal sealed class ProduceRun(Shell shell, ClusterConnection cluster, ProduceOptions options)
{
    private readonly MessageDrafts _drafts = new(shell, options);
    private long _begun;
    private long _sent;
    private long _incomplete;

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        if (!options.Create && await cluster.Admin.GetTopicRouteAsync(options.Topic, cancellation) is null)
        {
            throw await cluster.UnknownTopicAsync(options.Topic, $" Make it with \"rocketops topic create {options.Topic}\", or give --create.", cancellation);
        }

        using ErrorLoggerFactory loggers = new(shell.Error);
        await using RocketMqProducer producer = new(shell.Patient(new ProducerOptions { NameServers = cluster.NameServers, Group = "rocketops-produce", TimeProvider = shell.Time, LoggerFactory = loggers }));
        MessageQueue? queue = options.Queue is null ? null : await QueueAsync(producer, options.Queue, cancellation);
        _begun = shell.Time.GetTimestamp();
        try
        {
            // With --quiet there is nothing to read, so it goes on without a reader.
            return options.IsQuiet ? await SendAllAsync(producer, queue, cancellation) : await new FollowedOutput(shell).RunAsync(end => SendAllAsync(producer, queue, end), cancellation);
        }
        finally
        {
            await SummariseAsync();
        }
    }

    private async Task<int> SendAllAsync(RocketMqProducer producer, MessageQueue? queue, CancellationToken cancellation)
    {
        List<Message> batch = new(options.Batch);
        await foreach (MessageDraft draft in _drafts.ReadAsync(cancellation))
        {
            Message message = Checked(() => draft.ToMessage(options.Topic));
            await PaceAsync(cancellation);
            if (options.Batch == 1)
            {
                await ReportAsync(await SendAsync(producer, message, draft, queue, cancellation), 1);
            }
            else
            {
                batch.Add(message);
                if (batch.Count == options.Batch)
                {
                    await SendBatchAsync(producer, batch, cancellation);
                }
            }
        }

        await SendBatchAsync(producer, batch, cancellation);
        return _drafts.Read == 0 ? throw new CommandFailedException("there was nothing to send: standard input held no message.")
            : _incomplete == 0 ? ExitCodes.Success
            : ExitCodes.Failed;
    }

    private Task<SendResult> SendAsync(RocketMqProducer producer, Message message, MessageDraft draft, MessageQueue? queue, CancellationToken cancellation) => CheckedAsync(() =>
        queue is not null ? producer.SendAsync(message, queue, cancellation)
        : draft.ShardingKey is { Length: > 0 } key ? producer.SendAsync(message, key, cancellation)
        : producer.SendAsync(message, cancellation));

    private async Task SendBatchAsync(RocketMqProducer producer, List<Message> batch, CancellationToken cancellation)
    {
        if (batch.Count > 0)
        {
            await ReportAsync(await CheckedAsync(() => producer.SendBatchAsync(batch, cancellation)), batch.Count);
            batch.Clear();
        }
    }

    /// <summary>Sends a message; one that cannot be sent ends the run, whose failure says which it was.</summary>
    private async Task<SendResult> CheckedAsync(Func<Task<SendResult>> send)
    {
        try
        {
            return await send();
        }
        catch (Exception failure) when (failure is RocketMqException or ArgumentException)
        {
            throw NotSent(failure);
        }
    }

    private Message Checked(Func<Message> make)
    {
        try
        {
            return make();
        }
        catch (ArgumentException failure)
        {
            throw NotSent(failure);
        }
    }

    private CommandFailedException NotSent(Exception failure) =>
        new(_drafts.Read > 1 ? $"message {_drafts.Read}: {Failures.Describe(failure)}" : Failures.Describe(failure), failure);

    private async Task<MessageQueue> QueueAsync(RocketMqProducer producer, string text, CancellationToken cancellation)
    {
        IReadOnlyList<MessageQueue> queues = await producer.GetQueuesAsync(options.Topic, cancellation);
        string[] parts = text.Split('/');
        MessageQueue[] matching = [.. queues.Where(queue => queue.QueueId.ToString(CultureInfo.InvariantCulture) == parts[^1] && (parts.Length == 1 || (parts.Length == 2 && queue.BrokerName == parts[0])))];
        return matching switch
        {
            [{ } only] => only,
            [] => throw new CommandFailedException($"topic {options.Topic} has no queue {text} that can be written, only {string.Join(", ", queues.GroupBy(static queue => queue.BrokerName).Select(static broker => $"{broker.Key}/0 to {broker.Key}/{broker.Max(static queue => queue.QueueId)}"))}."),
            _ => throw new CommandFailedException($"topic {options.Topic} has several queues {text}: {string.Join(", ", matching.Select(static queue => $"{queue.BrokerName}/{queue.QueueId}"))}."),
        };
    }

    private Task PaceAsync(CancellationToken cancellation)
    {
        if (options.Rate is not { } rate)
        {
            return Task.CompletedTask;
        }

        TimeSpan early = TimeSpan.FromSeconds((_drafts.Read - 1) / rate) - shell.Time.GetElapsedTime(_begun);
        return early > TimeSpan.Zero ? Task.Delay(early, shell.Time, cancellation) : Task.CompletedTask;
    }

    private async Task ReportAsync(SendResult result, int messages)
    {
        _sent += messages;
        if (result.Status != SendStatus.SendOk)
        {
            _incomplete += messages;
        }

        if (options.IsQuiet)
        {
            return;
        }

        string where = $"{result.Queue.BrokerName}/{result.Queue.QueueId}@{result.QueueOffset}";
        string line = options.WritesJson
            ? new JsonObject
            {
                ["status"] = result.Status.ToString(),
                ["broker"] = result.Queue.BrokerName,
                ["queue"] = result.Queue.QueueId,
                ["offset"] = result.QueueOffset,
                ["messages"] = messages,
                ["messageId"] = result.MessageId,
                ["offsetMessageId"] = result.OffsetMessageId,
            }.ToJsonString()
            : $"{result.Status} {where} {(messages == 1 ? result.MessageId : CountText.Of(messages, "message"))}";
        await shell.Output.WriteLineAsync(line);
    }

    private async Task SummariseAsync()
    {
        if (_sent > 1 || _drafts.Read > 1)
        {
            TimeSpan elapsed = shell.Time.GetElapsedTime(_begun);
            double rate = _sent / Math.Max(0.001, elapsed.TotalSeconds);
            string perSecond = rate.ToString(rate is > 0 and < 10 ? "0.0" : "0", CultureInfo.InvariantCulture);
            await shell.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{CountText.Of(_sent, "message")} in {elapsed.TotalSeconds:0.0} s, {perSecond} a second"));
        }

        if (_drafts.Empty > 0)
        {
            await shell.Error.WriteLineAsync($"{CountText.Of(_drafts.Empty, "empty line")} left out: brokers refuse empty bodies");
        }

        if (_incomplete > 0)
        {
            await shell.Error.WriteLineAsync($"{CountText.Of(_incomplete, "message")} stored, but not as safely as the broker is set to; -o text says how far each got");
        }
    }
}
