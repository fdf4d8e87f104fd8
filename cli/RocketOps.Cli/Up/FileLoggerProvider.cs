using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace RocketOps.Cli.Up;

/// <summary>
/// The log of the control plane in a file, since the terminal shows the table. One predecessor is kept when the file
/// grows beyond its bound. A disk without room costs lines and nothing else: they are counted, and why is told at the end.
/// </summary>
internal sealed class FileLoggerProvider : ILoggerProvider
{
    private const long MaxBytes = 10 * 1024 * 1024;

    // Without a byte order mark, which grep and less would show as part of the first line.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private FileStream? _file;
    private long _lost;
    private string _whyLost = "";

    public FileLoggerProvider(string path, TimeProvider time)
    {
        _path = path;
        _time = time;
    }

    /// <summary>Sentence on what is missing from the log and why; null when nothing is.</summary>
    public string? Loss
    {
        get
        {
            lock (_gate)
            {
                return _lost == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{_lost} lines of {_path} are missing: {_whyLost.TrimEnd('.')}. Make room on that disk.");
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => new FileLogger(this, categoryName);

    public void Dispose()
    {
        lock (_gate)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    // Nothing is kept in memory: what a full disk refuses would be tried again at the end, and fail there.
    private FileStream Open() => new(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    private void Write(LogLevel level, string category, string message, Exception? failure)
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"{_time.GetLocalNow():yyyy-MM-dd HH:mm:ss.fff} {level,-11} {category}: {message}\n");
        byte[] bytes = Utf8.GetBytes(failure is null ? line : $"{line}{failure}\n");
        lock (_gate)
        {
            try
            {
                _file ??= Open();
                if (_file.Length > MaxBytes)
                {
                    _file.Dispose();
                    _file = null;
                    File.Move(_path, _path + ".1", overwrite: true);
                    _file = Open();
                }

                _file.Write(bytes);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Whoever logs has other things to do than to care for this disk.
                _lost++;
                _whyLost = e.Message;
            }
        }
    }

    private sealed class FileLogger(FileLoggerProvider owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                owner.Write(logLevel, category, formatter(state, exception), exception);
            }
        }
    }
}
