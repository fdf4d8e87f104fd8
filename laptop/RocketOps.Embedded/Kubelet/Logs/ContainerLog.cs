using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace RocketOps.Embedded.Kubelet.Logs;

/// <summary>
/// The output of one run of a container in the line format of Kubernetes' container runtimes:
/// <code>
/// 2026-01-31T12:00:00.000000000Z stdout F text of the line
/// time with nine digits          channel, F = whole line, P = part of a longer one
/// </code>
/// One file and one rotated predecessor, so a chatty container never takes more than twice the limit. What cannot be
/// written (a full disk) is lost and the log says so later: a container must not wait for its log.
/// </summary>
internal sealed class ContainerLog : IDisposable
{
    /// <summary>Longer lines are written in parts; the container runtimes' own bound.</summary>
    public const int MaxLineBytes = 16 * 1024;

    private const int HeaderBytes = 40;
    private const int MaxLastLine = 2048;

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly long _maxFileBytes;
    private readonly TimeProvider _time;
    private readonly ArrayBufferWriter<byte> _draft = new(4096);
    private readonly ArrayBufferWriter<byte>[] _unfinished = [new(256), new(256)];
    private readonly ArrayBufferWriter<byte> _lastLine = new(256);
    private FileStream? _file;
    private string? _lostBecause;
    private TaskCompletionSource _changed = NewSignal();
    private long _generation;
    private bool _completed;

    public ContainerLog(string path, long maxFileBytes, TimeProvider time)
    {
        _path = path;
        _maxFileBytes = maxFileBytes;
        _time = time;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _file = Open();
    }

    public string CurrentPath => _path;

    public static string RotatedPath(string path) => path + ".1";

    /// <summary>The last line that is not empty and no part of a stack trace, at most 2048 bytes; empty when there is none.</summary>
    public string LastLine
    {
        get
        {
            lock (_gate)
            {
                return Encoding.UTF8.GetString(_lastLine.WrittenSpan);
            }
        }
    }

    /// <summary>Appends output as it came from the pipe: any number of lines, the last perhaps unfinished.</summary>
    public void Append(LogChannel channel, ReadOnlySpan<byte> output)
    {
        lock (_gate)
        {
            if (_completed)
            {
                return;
            }

            while (!output.IsEmpty)
            {
                int end = output.IndexOf((byte)'\n');
                ReadOnlySpan<byte> part = end < 0 ? output : output[..end];
                output = end < 0 ? [] : output[(end + 1)..];
                Collect(channel, part, finished: end >= 0);
            }

            WriteDraft();
        }
    }

    /// <summary>The container ended: an unfinished line is written and followers come to their end.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            if (_completed)
            {
                return;
            }

            foreach (LogChannel channel in (ReadOnlySpan<LogChannel>)[LogChannel.Stdout, LogChannel.Stderr])
            {
                if (_unfinished[(int)channel].WrittenCount > 0)
                {
                    Collect(channel, [], finished: true);
                }
            }

            WriteDraft();
            _completed = true;
            _file?.Dispose();
            _changed.TrySetResult();
        }
    }

    public ContainerLogState State()
    {
        lock (_gate)
        {
            return new ContainerLogState(_changed.Task, _generation, _completed);
        }
    }

    public void Dispose() => Complete();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FileStream Open() => new(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    private void Collect(LogChannel channel, ReadOnlySpan<byte> part, bool finished)
    {
        ArrayBufferWriter<byte> line = _unfinished[(int)channel];
        while (line.WrittenCount + part.Length > MaxLineBytes)
        {
            int fits = MaxLineBytes - line.WrittenCount;
            line.Write(part[..fits]);
            part = part[fits..];
            Format(channel, line.WrittenSpan, 'P');
            line.ResetWrittenCount();
        }

        line.Write(part);
        if (finished)
        {
            Format(channel, line.WrittenSpan, 'F');
            Remember(line.WrittenSpan);
            line.ResetWrittenCount();
        }
    }

    private void Remember(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> text = line.Trim(" \t\r"u8);
        if (!text.IsEmpty && !text.StartsWith("at "u8))
        {
            _lastLine.ResetWrittenCount();
            _lastLine.Write(text[..Math.Min(text.Length, MaxLastLine)]);
        }
    }

    private void Format(LogChannel channel, ReadOnlySpan<byte> text, char kind)
    {
        Span<byte> span = _draft.GetSpan(HeaderBytes + text.Length + 1);

        // Round-trip format "O" of a UTC DateTime is 27 characters with seven digits and ends in Z; runtimes write nine digits.
        Utf8Formatter.TryFormat(_time.GetUtcNow().UtcDateTime, span, out int written, new StandardFormat('O'));
        span[written - 1] = (byte)'0';
        written += Encoding.UTF8.GetBytes(channel == LogChannel.Stdout ? "0Z stdout " : "0Z stderr ", span[written..]);
        span[written++] = (byte)kind;
        span[written++] = (byte)' ';
        text.CopyTo(span[written..]);
        written += text.Length;
        span[written++] = (byte)'\n';
        _draft.Advance(written);
    }

    /// <summary>A line of the log's own, on standard error.</summary>
    private byte[] Notice(string why) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"{_time.GetUtcNow().UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffffff}00Z stderr F rocketops: output before this line was lost: {why}\n"));

    private void WriteDraft()
    {
        if (_draft.WrittenCount == 0)
        {
            return;
        }

        try
        {
            _file ??= Open();
            if (_file.Length > 0 && _file.Length + _draft.WrittenCount > _maxFileBytes)
            {
                _file.Dispose();
                _file = null;
                File.Move(_path, RotatedPath(_path), overwrite: true);
                _file = Open();
                _generation++;
            }

            if (_lostBecause is { } why)
            {
                _file.Write(Notice(why));
                _lostBecause = null;
            }

            _file.Write(_draft.WrittenSpan);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Opened anew next time: the file may have been taken away.
            _file?.Dispose();
            _file = null;
            _lostBecause = failure.Message;
        }

        _draft.ResetWrittenCount();
        TaskCompletionSource changed = _changed;
        _changed = NewSignal();
        changed.TrySetResult();
    }
}

/// <summary>
/// State that a follower must take before it reads, so that nothing written in between is missed: Changed completes with the next append,
/// Generation grows with each rotation, Completed means that nothing will come.
/// </summary>
internal readonly record struct ContainerLogState(Task Changed, long Generation, bool Completed);

internal enum LogChannel
{
    Stdout,
    Stderr,
}
