using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Messages;

/// <summary>The messages one <c>produce</c> is to send, in order: from arguments, files or lines, or generated.</summary>
internal sealed class MessageDrafts(Shell shell, ProduceOptions options)
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>So many have been read; the number of the last one.</summary>
    public long Read { get; private set; }

    /// <summary>Lines left out because there was nothing in them.</summary>
    public long Empty { get; private set; }

    /// <summary>Throws <see cref="CommandFailedException"/> at one that cannot be read.</summary>
    public async IAsyncEnumerable<MessageDraft> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        IAsyncEnumerable<ReadOnlyMemory<byte>> bodies = options switch
        {
            { Size: { } size } => Generated(size).ToAsyncEnumerable(),
            { Files.Count: > 0 } or { Bodies.Count: > 0 } => GivenAsync(cancellation),
            _ => LinesAsync(cancellation),
        };
        await foreach (ReadOnlyMemory<byte> body in bodies.WithCancellation(cancellation))
        {
            Read++;
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
            throw new CommandFailedException($"message {Read}: {malformed.Message}", malformed);
        }
    }

    private IEnumerable<ReadOnlyMemory<byte>> Generated(int size)
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
            if (Directory.Exists(file.FullName))
            {
                throw new CommandFailedException($"{file} is a folder; --file takes a file, whose bytes are one message.");
            }

            if (!file.Exists)
            {
                throw new CommandFailedException($"there is no file {file}.");
            }

            if (file.Length > BoundedLines.MaxBytes)
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
                Empty++;
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
        while ((read = await input.ReadAsync(chunk, cancellation).AsTask().WaitAsync(cancellation)) > 0)
        {
            buffer.Write(chunk, 0, read);
            if (buffer.Length > BoundedLines.MaxBytes)
            {
                throw new CommandFailedException($"standard input has more than the {BoundedLines.MaxBytes} bytes a message may have; without \"-\" every line of it is a message.");
            }
        }

        return buffer.ToArray();
    }
}
