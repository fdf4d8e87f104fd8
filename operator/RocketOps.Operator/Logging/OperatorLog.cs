using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace RocketOps.Operator.Logging;

/// <summary>The operator's log on standard output.</summary>
internal static class OperatorLog
{
    /// <param name="logging">Whose other outputs go.</param>
    /// <param name="isForCollectors">One JSON object per line, for whatever collects the logs of pods; text for a terminal otherwise.</param>
    /// <param name="level">Least severe level that is written.</param>
    /// <param name="levelFile">A file with another one, which is followed; null for none.</param>
    public static ILoggingBuilder AddOperatorLog(this ILoggingBuilder logging, bool isForCollectors, LogLevel level, string? levelFile)
    {
        logging.ClearProviders();
        logging.Services.TryAddSingleton(TimeProvider.System);
        LogLevelSwitch chosen = new(level);
        logging.Services.AddSingleton<IConfigureOptions<LoggerFilterOptions>>(chosen);
        logging.Services.AddSingleton<IOptionsChangeTokenSource<LoggerFilterOptions>>(chosen);
        if (levelFile is not null)
        {
            logging.Services.AddHostedService(provider => new LogLevelFile(
                levelFile, chosen, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<LogLevelFile>>()));
        }

        if (isForCollectors)
        {
            logging.Services.AddSingleton<ConsoleFormatter, JsonLineFormatter>();
            return logging.AddConsole(static console => console.FormatterName = JsonLineFormatter.FormatterName);
        }

        return logging.AddSimpleConsole(static console =>
        {
            console.SingleLine = true;
            console.IncludeScopes = true;
            console.TimestampFormat = "HH:mm:ss ";
        });
    }
}
