namespace RocketOps.Interop.Tests.Clients;

/// <summary>Finds in the folder of one run of <c>rocketmq-check</c> what tells why its scenario failed.</summary>
internal sealed class ScenarioLogs(string folder)
{
    private const int MaxErrorLines = 5;
    private const int MaxScenarioLines = 20;
    private const int MaxClientLines = 30;
    private const int MaxLineChars = 300;

    // The 4.x client writes this name by itself.
    private const string ClientLog = "rocketmq_client.log";

    /// <summary>Makes a home for the clients in which those of 5.x keep a log too; the kit's own home turns it off.</summary>
    public string PrepareClientHome()
    {
        string home = Path.Combine(folder, "home");
        Directory.CreateDirectory(Path.Combine(home, "conf"));
        File.WriteAllText(
            Path.Combine(home, "conf", "logback_tools.xml"),
            $$"""
            <configuration>
              <appender name="FILE" class="ch.qos.logback.core.FileAppender">
                <file>{{Path.Combine(home, ClientLog)}}</file>
                <encoder><pattern>%d %level %logger{20} - %msg%n%ex{full}</pattern></encoder>
              </appender>
              <root level="WARN"><appender-ref ref="FILE"/></root>
            </configuration>
            """);
        return home;
    }

    /// <summary>The first errors and the last lines of the scenario's log, and the last warnings of the client's own; a line says so where there is no log.</summary>
    public string Tail(string scenario)
    {
        IEnumerable<string> errors = Lines($"{scenario}.log").Where(static line => line.Contains("\"event\":\"error\"", StringComparison.Ordinal)).Take(MaxErrorLines);
        IEnumerable<string> said = Lines($"{scenario}.log").TakeLast(MaxScenarioLines);
        IEnumerable<string> warned = Warnings(Lines(ClientLog)).TakeLast(MaxClientLines);
        return string.Join('\n', [$"== errors of {scenario}.log", .. Shown(errors), $"== {scenario}.log", .. Shown(said), "== warnings of the client", .. Shown(warned)]);
    }

    private IEnumerable<string> Lines(string name) =>
        Directory.EnumerateFiles(folder, name, SearchOption.AllDirectories).Order(StringComparer.Ordinal).SelectMany(File.ReadLines);

    /// <summary>Warnings with the exception and its causes, each in the line below; their frames are left out.</summary>
    private static IEnumerable<string> Warnings(IEnumerable<string> lines)
    {
        bool isOfWarning = false;
        foreach (string line in lines)
        {
            if (line.Length > 0 && char.IsAsciiDigit(line[0]))
            {
                isOfWarning = IsWarning(line);
            }

            if (isOfWarning && !line.StartsWith('\t'))
            {
                yield return line;
            }
        }
    }

    private static bool IsWarning(string line) => line.Contains(" WARN ", StringComparison.Ordinal) || line.Contains(" ERROR ", StringComparison.Ordinal);

    private static IEnumerable<string> Shown(IEnumerable<string> lines) =>
        lines.Select(static line => line.Length > MaxLineChars ? $"{line.AsSpan(0, MaxLineChars)}…" : line).DefaultIfEmpty("(nothing)");
}
