using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace RocketOps.Hosting.Logging;

/// <summary>
/// The log of our programs: one line per event on standard output, <c>2026-11-20 18:51:05.379 info NameServerRegistrar[3301] text</c>: local time, level, which part, the
/// number of the event, what happened; or as <see cref="JsonLine"/>. Levels are coloured at a terminal, unless <c>NO_COLOR</c> is set. Without the container and options that a framework's logger
/// costs at the start.
/// <para>
/// Nobody who logs waits for the output: lines go through a bounded queue to a thread of their own, as the reader of a pipe may stand still for as long as it likes and
/// connections are served on the threads that log. When the queue is full, lines are dropped and counted, and the log tells how many as soon as lines are taken again.
/// </para>
/// Thread-safe. Disposing writes what is queued, for at most <see cref="Patience"/>.
/// </summary>
public sealed class ConsoleLog : ILoggerFactory
{
    /// <summary>Longest time that the end of the program waits for an output that does not take the last lines.</summary>
    public static readonly TimeSpan LongestFlush = TimeSpan.FromSeconds(2);

    /// <summary>Characters that may wait: some thousand lines, a few megabytes at most.</summary>
    private const int MaxQueuedChars = 1024 * 1024;

    private const string MicrosoftCategories = "Microsoft";

    // A port that is taken is reported in one line by the program; the host would add its stack.
    private const string HostCategories = "Microsoft.Extensions.Hosting";

    private readonly Stream _output;
    private readonly bool _isColoured;
    private readonly LogLevel _minimum;
    private readonly LogFormat _format;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly Thread _writer;
    private List<string> _queue = [];
    private int _queuedChars;
    private long _dropped;
    private bool _stopping;

    /// <param name="minimum">Least severe level that is written; what the framework logs is written from warnings on.</param>
    /// <param name="output">Output of the lines; standard output when not given.</param>
    /// <param name="time">Clock of the lines' time, in the local zone.</param>
    /// <param name="isColoured">True when levels have colours; null asks the terminal and <c>NO_COLOR</c>.</param>
    /// <param name="format">Format of a line.</param>
    public ConsoleLog(LogLevel minimum, Stream? output = null, TimeProvider? time = null, bool? isColoured = null, LogFormat format = LogFormat.Text)
    {
        _format = format;
        _isColoured = isColoured ?? (output is null && !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")));
        _minimum = minimum;
        _output = output ?? Console.OpenStandardOutput();
        _time = time ?? TimeProvider.System;
        _writer = new Thread(WriteQueued) { IsBackground = true, Name = "log" };
        _writer.Start();
    }

    /// <summary>Time that <see cref="Dispose"/> waits for an output that does not take the last lines.</summary>
    public TimeSpan Patience { get; init; } = LongestFlush;

    public ILogger CreateLogger(string categoryName)
    {
        ArgumentNullException.ThrowIfNull(categoryName);
        return new CategoryLogger(this, categoryName, MinimumOf(categoryName));
    }

    /// <summary>Writes a line as it is, in its order among the others: what scripts look for in the output. As JSON it is a message like others.</summary>
    public void WriteLine(string category, string line) => Enqueue(_format == LogFormat.Json ? Format<object?>(LogLevel.Information, category, 0, null, line, failure: null) : line + "\n");

    /// <summary>There is one output; throws <see cref="NotSupportedException"/>.</summary>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("the console log has one output");

    public void Dispose()
    {
        lock (_gate)
        {
            if (_stopping)
            {
                return;
            }

            _stopping = true;
        }

        _wake.Set();
        if (_writer.Join(Patience))
        {
            _wake.Dispose();
        }
    }

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };

    /// <summary>The last word of a category: whoever reads the log of a broker knows that it is one, and where a class lies is nothing to them.</summary>
    private static string PartOf(string category) => category[(category.LastIndexOf('.') + 1)..];

    private static string? ColourOf(LogLevel level) => level switch
    {
        LogLevel.Warning => "\e[33m",
        LogLevel.Error or LogLevel.Critical => "\e[31m",
        LogLevel.Trace or LogLevel.Debug => "\e[2m",
        _ => null,
    };

    private static string OnOneLine(string text) => text.Contains('\n', StringComparison.Ordinal) ? text.Replace("\n", " ", StringComparison.Ordinal) : text;

    private LogLevel MinimumOf(string category)
    {
        if (category.StartsWith(HostCategories, StringComparison.Ordinal))
        {
            return LogLevel.None;
        }

        return category.StartsWith(MicrosoftCategories, StringComparison.Ordinal) && _minimum < LogLevel.Warning ? LogLevel.Warning : _minimum;
    }

    private string Format<TState>(LogLevel level, string category, int eventId, TState state, string message, Exception? failure)
    {
        if (_format == LogFormat.Json)
        {
            using JsonLine json = new(_time.GetUtcNow(), level, category, eventId, message);
            json.AddAll(state);
            return json.End(failure) + "\n";
        }

        StringBuilder line = new(160);
        line.Append(CultureInfo.InvariantCulture, $"{_time.GetLocalNow():yyyy-MM-dd HH:mm:ss.fff} ");
        if (_isColoured && ColourOf(level) is { } colour)
        {
            line.Append(colour).Append(NameOf(level)).Append("\e[0m");
        }
        else
        {
            line.Append(NameOf(level));
        }

        line.Append(CultureInfo.InvariantCulture, $" {PartOf(category)}[{eventId}] ");
        line.Append(OnOneLine(message));
        if (failure is not null)
        {
            line.Append(' ').Append(OnOneLine(failure.ToString()));
        }

        return line.Append('\n').ToString();
    }

    private void Enqueue(string line)
    {
        lock (_gate)
        {
            if (_stopping || _queuedChars + line.Length > MaxQueuedChars)
            {
                _dropped++;
                return;
            }

            _queue.Add(line);
            _queuedChars += line.Length;
            if (_queue.Count > 1)
            {
                // The writer was woken for the first one and takes all.
                return;
            }
        }

        _wake.Set();
    }

    // The thread's own: all that waits goes with one write, outside the lock.
    private void WriteQueued()
    {
        List<string> taken = [];
        while (true)
        {
            _wake.WaitOne();
            long dropped;
            bool stopping;
            lock (_gate)
            {
                (taken, _queue) = (_queue, taken);
                (dropped, _dropped) = (_dropped, 0);
                _queuedChars = 0;
                stopping = _stopping;
            }

            if (dropped > 0)
            {
                taken.Add(Format<object?>(LogLevel.Warning, typeof(ConsoleLog).FullName!, 1020, null, $"{dropped} lines were dropped here, as standard output did not take them", failure: null));
            }

            if (!TryWrite(taken) || stopping)
            {
                return;
            }

            taken.Clear();
        }
    }

    private bool TryWrite(List<string> lines)
    {
        if (lines.Count == 0)
        {
            return true;
        }

        try
        {
            byte[] bytes = Encoding.UTF8.GetBytes(string.Concat(lines));
            _output.Write(bytes, 0, bytes.Length);
            _output.Flush();
            return true;
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // Whoever read the output is gone, and there is nobody left to tell. What is logged from here on is dropped.
            lock (_gate)
            {
                _stopping = true;
            }

            return false;
        }
    }

    private sealed class CategoryLogger(ConsoleLog log, string category, LogLevel minimum) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= minimum && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            ArgumentNullException.ThrowIfNull(formatter);
            if (IsEnabled(logLevel))
            {
                log.Enqueue(log.Format(logLevel, category, eventId.Id, state, formatter(state, exception), exception));
            }
        }
    }
}
