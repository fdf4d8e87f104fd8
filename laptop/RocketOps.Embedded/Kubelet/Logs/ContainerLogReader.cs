using System.Buffers;
using System.IO.Pipelines;

namespace RocketOps.Embedded.Kubelet.Logs;

/// <summary>Copies a container's log, rotated file first, into an output; with follow until the container ends.</summary>
internal sealed class ContainerLogReader(string path, ContainerLog? live, LogReadOptions options)
{
    private readonly LineBuffer _lines = new();
    private long _skip;
    private long _left = options.LimitBytes ?? long.MaxValue;

    public async Task CopyToAsync(PipeWriter output, CancellationToken cancellation)
    {
        // The state is taken before the files are read: what is appended meanwhile completes its signal.
        ContainerLogState? state = live?.State();
        if (options.TailLines is { } tail)
        {
            long total = await CountLinesAsync(ContainerLog.RotatedPath(path), cancellation) + await CountLinesAsync(path, cancellation);
            _skip = Math.Max(0, total - tail);
        }

        await CopyFileAsync(ContainerLog.RotatedPath(path), output, cancellation);
        if (options.Follow && live is not null)
        {
            await FollowAsync(live, state!.Value, output, cancellation);
        }
        else
        {
            await CopyFileAsync(path, output, cancellation);
        }
    }

    private static FileStream? TryOpen(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static async Task<long> CountLinesAsync(string file, CancellationToken cancellation)
    {
        await using FileStream? stream = TryOpen(file);
        if (stream is null)
        {
            return 0;
        }

        byte[] buffer = new byte[16 * 1024];
        long lines = 0;
        for (int read; (read = await stream.ReadAsync(buffer, cancellation)) > 0;)
        {
            lines += buffer.AsSpan(0, read).Count((byte)'\n');
        }

        return lines;
    }

    private async Task CopyFileAsync(string file, PipeWriter output, CancellationToken cancellation)
    {
        await using FileStream? stream = TryOpen(file);
        if (stream is not null)
        {
            await CopyToEndAsync(stream, output, cancellation);
        }
    }

    private async Task FollowAsync(ContainerLog log, ContainerLogState state, PipeWriter output, CancellationToken cancellation)
    {
        FileStream? stream = TryOpen(log.CurrentPath);
        try
        {
            while (stream is not null && _left > 0)
            {
                await CopyToEndAsync(stream, output, cancellation);
                ContainerLogState now = log.State();
                if (now.Generation != state.Generation)
                {
                    // Rotated: what this handle still sees was read above or came in since; read its rest, then go on.
                    await CopyToEndAsync(stream, output, cancellation);
                    await stream.DisposeAsync();
                    stream = TryOpen(log.CurrentPath);
                    state = now;
                    continue;
                }

                if (state.Completed || _left == 0)
                {
                    return;
                }

                await state.Changed.WaitAsync(cancellation);
                state = log.State() with { Generation = state.Generation };
            }
        }
        finally
        {
            if (stream is not null)
            {
                await stream.DisposeAsync();
            }
        }
    }

    private async Task CopyToEndAsync(FileStream stream, PipeWriter output, CancellationToken cancellation)
    {
        while (_left > 0 && await _lines.FillAsync(stream, cancellation))
        {
            while (_left > 0 && _lines.TryTake(out ReadOnlySpan<byte> stored))
            {
                Write(stored, output);
            }

            FlushResult flushed = await output.FlushAsync(cancellation);
            if (flushed.IsCompleted)
            {
                _left = 0;
            }
        }
    }

    private void Write(ReadOnlySpan<byte> stored, PipeWriter output)
    {
        if (_skip > 0)
        {
            _skip--;
            return;
        }

        if (!LogLine.TryParse(stored, out LogLine line) || (options.Since is { } since && line.IsBefore(since)))
        {
            return;
        }

        if (options.Timestamps)
        {
            Emit(line.Time, output);
            Emit(" "u8, output);
        }

        Emit(line.Text, output);
        if (line.IsWhole)
        {
            Emit("\n"u8, output);
        }
    }

    private void Emit(ReadOnlySpan<byte> bytes, PipeWriter output)
    {
        ReadOnlySpan<byte> part = bytes.Length > _left ? bytes[..(int)_left] : bytes;
        output.Write(part);
        _left -= part.Length;
    }
}
