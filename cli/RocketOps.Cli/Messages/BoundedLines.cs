using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Messages;

/// <summary>The lines of a stream as bytes, none longer than a message may be.</summary>
internal static class BoundedLines
{
    /// <summary>Matches maxMessageSize (4 MiB) of client and broker.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>
    /// Reads the lines, without their ends <c>\n</c> or <c>\r\n</c>. Throws <see cref="CommandFailedException"/> at a line that is too
    /// long.
    /// </summary>
    public static async IAsyncEnumerable<byte[]> ReadAsync(Stream input, [EnumeratorCancellation] CancellationToken cancellation)
    {
        PipeReader reader = PipeReader.Create(input, new StreamPipeReaderOptions(leaveOpen: true, bufferSize: 64 * 1024));
        long number = 0;
        while (true)
        {
            // A read of a terminal does not listen to a token.
            ReadResult read = await reader.ReadAsync(CancellationToken.None).AsTask().WaitAsync(cancellation);
            ReadOnlySequence<byte> rest = read.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                number++;
                yield return Line(rest.Slice(0, end), number);
                rest = rest.Slice(rest.GetPosition(1, end));
            }

            if (read.IsCompleted)
            {
                if (!rest.IsEmpty)
                {
                    yield return Line(rest, number + 1);
                }

                await reader.CompleteAsync();
                yield break;
            }

            if (rest.Length > MaxBytes + 1)
            {
                throw TooLong(number + 1);
            }

            reader.AdvanceTo(rest.Start, rest.End);
        }
    }

    private static byte[] Line(ReadOnlySequence<byte> bytes, long number)
    {
        if (bytes.Length > MaxBytes + 1)
        {
            throw TooLong(number);
        }

        byte[] line = bytes.ToArray();
        return line is [.. byte[] shorter, (byte)'\r'] ? shorter : line;
    }

    private static CommandFailedException TooLong(long number) => new($"line {number} of the input has more than {MaxBytes} bytes, which is the most a message may have.");
}
