using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Cli.Clusters;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Messages;

/// <summary>Sends the messages of one <c>produce</c>, one request after the other: they are stored in the order they were given.</summary>
internal sealed class ProduceRun(Shell shell, ClusterConnection cluster, ProduceOptions options)
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

    private long _begun;
    private long _read;
    private long _sent;
    private long _incomplete;
    private long _empty;

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        if (!options.Create && await cluster.Admin.GetTopicRouteAsync(options.Topic, cancellation) is null)
        {
            throw await cluster.UnknownTopicAsync(options.Topic, $" Make it with \"rocketops topic create {options.Topic}\", or give --create.", cancellation);
        }

        using ErrorLoggerFactory loggers = new(shell.Error);
        await using RocketMqProducer producer = new(new ProducerOptions { NameServers = cluster.NameServers, Group = "rocketops-produce", TimeProvider = shell.Time, LoggerFactory = loggers });
        MessageQueue? queue = options.Queue is null ? null : await QueueAsync(producer, options.Queue, cancellation);
        _begun = shell.Time.GetTimestamp();
        try
        {
            await SendAllAsync(producer, queue, cancellation);
        }
        finally
        {
            await SummariseAsync();
        }

        return _incomplete == 0 && _sent > 0 ? ExitCodes.Success : ExitCodes.Failed;
    }

    private async Task SendAllAsync(RocketMqProducer producer, MessageQueue? queue, CancellationToken cancellation)
    {
        List<Message> batch = new(options.Batch);
        await foreach (MessageDraft draft in DraftsAsync(cancellation))
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

    /// <summary>What cannot be sent ends the run and says which message it was.</summary>
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
        new(_read > 1 ? $"message {_read}: {Failures.Describe(failure)}" : Failures.Describe(failure), failure);

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

    private async IAsyncEnumerable<MessageDraft> DraftsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        IAsyncEnumerable<ReadOnlyMemory<byte>> bodies = options switch
        {
            { Size: { } size } => Generated(size),
            { Files.Count: > 0 } or { Bodies.Count: > 0 } => GivenAsync(cancellation),
            _ => LinesAsync(cancellation),
        };
        await foreach (ReadOnlyMemory<byte> body in bodies.WithCancellation(cancellation))
        {
            _read++;
            yield return options.IsJson ? Parsed(body) : options.Defaults with { Body = body };
        }
    }

    private MessageDraft Parsed(ReadOnlyMemory<byte> body)
    {
        try
        {
            return MessageJson.Read(body.Span, options.Defaults);
        }
        catch (FormatException malformed)
        {
            throw new CommandFailedException($"message {_read}: {malformed.Message}", malformed);
        }
    }

#pragma warning disable CS1998 // What is made here waits for nothing, but its sisters do.
    private async IAsyncEnumerable<ReadOnlyMemory<byte>> Generated(int size)
#pragma warning restore CS1998
    {
        byte[] filling = new byte[size];
        for (int i = 0; i < size; i++)
        {
            filling[i] = (byte)Alphabet[Random.Shared.Next(Alphabet.Length)];
        }

        for (long number = 1; number <= (options.Count ?? 1); number++)
        {
            // Told apart by a number in front, where there is room.
            byte[] body = [.. filling];
            byte[] mark = Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture) + " ");
            mark.AsSpan(0, Math.Min(mark.Length, size)).CopyTo(body);
            yield return body;
        }
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> GivenAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        List<byte[]> bodies = [];
        foreach (string text in options.Bodies)
        {
            bodies.Add(text == "-" ? await ReadAllAsync(shell.Input, cancellation) : Encoding.UTF8.GetBytes(text));
        }

        foreach (FileInfo file in options.Files)
        {
            if (file.Exists && file.Length > BoundedLines.MaxBytes)
            {
                throw new CommandFailedException($"{file} has {file.Length} bytes, more than the {BoundedLines.MaxBytes} a message may have.");
            }

            bodies.Add(await File.ReadAllBytesAsync(file.FullName, cancellation));
        }

        for (long number = 0; number < (options.Count ?? bodies.Count); number++)
        {
            yield return bodies[(int)(number % bodies.Count)];
        }
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> LinesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        if (shell.IsInputTerminal)
        {
            await shell.Error.WriteLineAsync("Every line becomes a message; Ctrl-D ends.");
        }

        long left = options.Count ?? long.MaxValue;
        await foreach (byte[] line in BoundedLines.ReadAsync(shell.Input, cancellation))
        {
            if (line.Length == 0)
            {
                _empty++;
                continue;
            }

            yield return line;
            if (--left == 0)
            {
                yield break;
            }
        }
    }

    private static async Task<byte[]> ReadAllAsync(Stream input, CancellationToken cancellation)
    {
        using MemoryStream buffer = new();
        byte[] chunk = new byte[64 * 1024];
        int read;
        while ((read = await input.ReadAsync(chunk, cancellation)) > 0)
        {
            buffer.Write(chunk, 0, read);
            if (buffer.Length > BoundedLines.MaxBytes)
            {
                throw new CommandFailedException($"standard input has more than the {BoundedLines.MaxBytes} bytes a message may have; without \"-\" every line of it is a message.");
            }
        }

        return buffer.ToArray();
    }

    private Task PaceAsync(CancellationToken cancellation)
    {
        if (options.Rate is not { } rate)
        {
            return Task.CompletedTask;
        }

        TimeSpan early = TimeSpan.FromSeconds((_read - 1) / rate) - shell.Time.GetElapsedTime(_begun);
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
            : $"{result.Status} {where} {(messages == 1 ? result.MessageId : $"{messages} messages")}";
        await shell.Output.WriteLineAsync(line);
    }

    private async Task SummariseAsync()
    {
        if (_sent > 1 || _read > 1)
        {
            TimeSpan elapsed = shell.Time.GetElapsedTime(_begun);
            await shell.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"{_sent} messages in {elapsed.TotalSeconds:0.0} s, {_sent / Math.Max(0.001, elapsed.TotalSeconds):0} a second"));
        }

        if (_empty > 0)
        {
            await shell.Error.WriteLineAsync($"{_empty} empty lines were left out: brokers refuse empty bodies");
        }

        if (_incomplete > 0)
        {
            await shell.Error.WriteLineAsync($"{_incomplete} messages are stored, but not as safely as the broker is set to; -o text says how far each got");
        }
    }
}
