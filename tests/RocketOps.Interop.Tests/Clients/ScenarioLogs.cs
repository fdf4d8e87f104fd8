namespace RocketOps.Interop.Tests.Clients;

/// <summary>Finds in the folder of one run of <c>rocketmq-check</c> what tells why its scenario failed.</summary>
internal sealed class ScenarioLogs(string folder)
{
    private const int MaxScenarioLines = 20;
    private const int MaxClientLines = 15;
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
                <encoder><pattern>%d %level %logger{20} - %msg%n%ex{short}</pattern></encoder>
              </appender>
              <root level="WARN"><appender-ref ref="FILE"/></root>
            </configuration>
            """);
        return home;
    }

    /// <summary>The last lines of the scenario's log and the last warnings of the client's own; a line says so where there is no log.</summary>
    public string Tail(string scenario)
    {
        IEnumerable<string> said = Lines($"{scenario}.log").TakeLast(MaxScenarioLines);
        IEnumerable<string> warned = Lines(ClientLog).Where(IsWarning).TakeLast(MaxClientLines);
        return string.Join('\n', [$"== {scenario}.log", .. Shown(said), "== warnings of the client", .. Shown(warned)]);
    }

    private IEnumerable<string> Lines(string name) =>
        Directory.EnumerateFiles(folder, name, SearchOption.AllDirectories).Order(StringComparer.Ordinal).SelectMany(File.ReadLines);

    private static bool IsWarning(string line) => line.Contains(" WARN ", StringComparison.Ordinal) || line.Contains(" ERROR ", StringComparison.Ordinal);

    private static IEnumerable<string> Shown(IEnumerable<string> lines) =>
        lines.Select(static line => line.Length > MaxLineChars ? $"{line.AsSpan(0, MaxLineChars)}…" : line).DefaultIfEmpty("(nothing)");
}
