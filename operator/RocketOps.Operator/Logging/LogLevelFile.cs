using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RocketOps.Hosting.Logging;

namespace RocketOps.Operator.Logging;

/// <summary>
/// Follows a file that holds the log's level, a mounted ConfigMap, so that the level of a running operator can be changed without a restart, which would end what is to be looked at. It is read again and
/// again: the kubelet exchanges the folder behind the file, of which a watch of the file hears nothing. Without the file the level of the start holds, with one that says nothing understandable the present one.
/// </summary>
internal sealed partial class LogLevelFile(string path, LogLevelSwitch level, TimeProvider time, ILogger<LogLevelFile> logger) : BackgroundService
{
    /// <summary>Little beside the minute that a kubelet may take to bring a change of a ConfigMap.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private const int MaxQuoted = 40;

    private readonly LogLevel _atStart = level.Level;
    private string? _problem;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await ReadAsync(stoppingToken);
                await Task.Delay(Interval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        string? problem = null;
        try
        {
            string text = (await File.ReadAllTextAsync(path, cancellationToken)).Trim();
            if (LogLevels.Parse(text) is { } wanted)
            {
                SetLevel(wanted);
            }
            else
            {
                problem = $"\"{(text.Length > MaxQuoted ? text[..MaxQuoted] + "…" : text)}\" is not {LogLevels.Words}";
            }
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            SetLevel(_atStart);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            problem = unreadable.Message;
        }

        if (problem is not null && problem != _problem)
        {
            string present = LogLevels.Word(level.Level);
            LogNotTaken(path, problem, present);
        }

        _problem = problem;
    }

    private void SetLevel(LogLevel wanted)
    {
        LogLevel present = level.Level;
        if (wanted == present)
        {
            return;
        }

        // Under the one of the two that shows more: a log that falls silent says why.
        string word = LogLevels.Word(wanted);
        if (wanted > present)
        {
            LogTaken(word, path);
        }

        level.Level = wanted;
        if (wanted < present)
        {
            LogTaken(word, path);
        }
    }

    [LoggerMessage(EventId = 5301, Level = LogLevel.Information, Message = "The log's level is {Level} from here on ({File}).")]
    private partial void LogTaken(string level, string file);

    [LoggerMessage(EventId = 5302, Level = LogLevel.Warning, Message = "{File} is not followed: {Problem}. The log's level stays {Level}.")]
    private partial void LogNotTaken(string file, string problem, string level);
}
