using Microsoft.Extensions.Logging;

namespace RocketOps.Hosting.Logging;

/// <summary>The words for levels, those of the key <c>logLevel</c> of brokers and name servers.</summary>
public static class LogLevels
{
    public const string Words = "debug, info, warn or error";

    public static LogLevel? Parse(string word) => word.ToUpperInvariant() switch
    {
        "DEBUG" => LogLevel.Debug,
        "INFO" => LogLevel.Information,
        "WARN" => LogLevel.Warning,
        "ERROR" => LogLevel.Error,
        _ => null,
    };

    public static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        _ => "error",
    };
}
