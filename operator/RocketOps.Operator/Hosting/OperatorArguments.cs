using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Hosting.Logging;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Hosting;

/// <summary>
/// Values of the command line and the environment. An option given twice counts as given last; the command line goes before the
/// environment.
/// </summary>
internal sealed class OperatorArguments
{
    private const int MaxPort = 65535;

    private static readonly Option[] Known =
    [
        new("namespace", "ROCKETOPS_NAMESPACE", "the namespaces to work in, with commas between them; all of them if absent"),
        new("kubeconfig", "ROCKETOPS_KUBECONFIG", "file to reach the API server with; the pod's service account or the usual kubeconfig if absent"),
        new("broker-image", "ROCKETOPS_BROKER_IMAGE", "image of brokers whose cluster names none; needed, for there are no published images"),
        new("nameserver-image", "ROCKETOPS_NAMESERVER_IMAGE", "image of name servers whose cluster names none; needed too"),
        new("upgrade-clusters", "ROCKETOPS_UPGRADE_CLUSTERS", "true or false (default): clusters without spec.version follow the operator's version, instead of keeping theirs"),
        new("leader-election", "ROCKETOPS_LEADER_ELECTION", "true (default) or false: only one of several processes works at a time"),
        new("lease-namespace", "ROCKETOPS_LEASE_NAMESPACE", "namespace of the leader's lease; if absent the first one that is watched, and without one the operator's own"),
        new("protection-policy", "ROCKETOPS_PROTECTION_POLICY", "name of the admission policy that refuses to delete clusters with rocketops.io/deletion-protection, to tell whether it is in force; if absent there is none"),
        new("http-port", "ROCKETOPS_HTTP_PORT", "port of /livez, /readyz, /startupz and /metrics, default 8080; 0 takes any"),
        new("await-ready", "ROCKETOPS_AWAIT_READY", "http address of an operator's /readyz: asks there until it says that it is ready, for a minute at most, and does nothing else"),
        new("log-level", "ROCKETOPS_LOG_LEVEL", "least severe lines of the log: debug, info (default), warn or error"),
        new("log-level-file", "ROCKETOPS_LOG_LEVEL_FILE", "a file with the level, which is followed while the operator runs; --log-level holds while it is not there"),
    ];

    private OperatorArguments(OperatorOptions options)
    {
        Options = options;
    }

    public OperatorOptions Options { get; }

    public string? Kubeconfig { get; private init; }

    public int HttpPort { get; private init; }

    /// <summary>Least severe level of the log, as long as <see cref="LogLevelFile"/> says nothing else.</summary>
    public LogLevel LogLevel { get; private init; }

    public string? LogLevelFile { get; private init; }

    /// <summary>Address of another operator that is asked whether it is ready; null to be one.</summary>
    public Uri? AwaitReady { get; private init; }

    public bool Help { get; private init; }

    public static string Usage
    {
        get
        {
            StringBuilder text = new StringBuilder("RocketOps.Operator [--option=value …]\n\n");
            foreach (Option option in Known)
            {
                text.Append(CultureInfo.InvariantCulture, $"  --{option.Name,-20}{option.Meaning} ({option.Variable})\n");
            }

            return text.ToString();
        }
    }

    /// <summary>Reads everything before it complains, so that one start shows all mistakes.</summary>
    public static OperatorArguments? TryParse(IReadOnlyList<string> arguments, Func<string, string?> environment, ICollection<string> errors)
    {
        Dictionary<string, string> values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Option option in Known)
        {
            if (environment(option.Variable) is { Length: > 0 } value)
            {
                values[option.Name] = value;
            }
        }

        bool help = ReadCommandLine(arguments, values, errors);
        bool leaderElection = Boolean(values, "leader-election", true, errors);
        bool upgradesClusters = Boolean(values, "upgrade-clusters", false, errors);
        int httpPort = Port(values, "http-port", 8080, errors);
        LogLevel logLevel = Level(values, "log-level", LogLevel.Information, errors);
        Uri? awaitReady = Address(values, "await-ready", errors);
        if (!help && !values.ContainsKey("await-ready"))
        {
            Demand(values, "broker-image", errors);
            Demand(values, "nameserver-image", errors);
        }

        if (errors.Count > 0)
        {
            return null;
        }

        OperatorOptions options = new OperatorOptions
        {
            Namespaces = values.GetValueOrDefault("namespace")?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
            LeaderElection = leaderElection,
            UpgradesClusters = upgradesClusters,
            LeaseNamespace = values.GetValueOrDefault("lease-namespace"),
            ProtectionPolicy = values.GetValueOrDefault("protection-policy"),
            Images = values.TryGetValue("broker-image", out string? broker) && values.TryGetValue("nameserver-image", out string? nameServer) ? new OperatorImages(broker, nameServer) : OperatorImages.Default,
        };
        return new OperatorArguments(options)
        {
            Kubeconfig = values.GetValueOrDefault("kubeconfig"),
            HttpPort = httpPort,
            AwaitReady = awaitReady,
            LogLevel = logLevel,
            LogLevelFile = values.GetValueOrDefault("log-level-file"),
            Help = help,
        };
    }

    /// <summary>A name without a registry would be one of Docker Hub, where whoever takes it gives clusters what to run.</summary>
    private static void Demand(Dictionary<string, string> values, string name, ICollection<string> errors)
    {
        if (!values.ContainsKey(name))
        {
            errors.Add($"--{name} is needed: there are no published images, so build and push them (docs/kubernetes.md) and name yours, as --{name}=registry.example.com/rocketops-{name[..^"-image".Length]}:{OperatorImages.Default.Version}");
        }
    }

    private static bool ReadCommandLine(IReadOnlyList<string> arguments, Dictionary<string, string> values, ICollection<string> errors)
    {
        bool help = false;
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (argument is "--help" or "-h")
            {
                help = true;
                continue;
            }

            (string? name, string? value) = Split(argument);
            if (name is null || !Array.Exists(Known, option => option.Name == name))
            {
                errors.Add($"{argument}: not an option; --help lists them");
                continue;
            }

            if (value is null && i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
            {
                value = arguments[++i];
            }

            if (string.IsNullOrEmpty(value))
            {
                errors.Add($"--{name}: a value is missing");
                continue;
            }

            values[name] = value;
        }

        return help;
    }

    private static (string? Name, string? Value) Split(string argument)
    {
        if (!argument.StartsWith("--", StringComparison.Ordinal))
        {
            return (null, null);
        }

        int equals = argument.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (argument[2..], null) : (argument[2..equals], argument[(equals + 1)..]);
    }

    private static bool Boolean(Dictionary<string, string> values, string name, bool otherwise, ICollection<string> errors)
    {
        if (!values.TryGetValue(name, out string? text))
        {
            return otherwise;
        }

        if (bool.TryParse(text, out bool value))
        {
            return value;
        }

        errors.Add($"--{name}: {text} is neither true nor false");
        return otherwise;
    }

    private static LogLevel Level(Dictionary<string, string> values, string name, LogLevel otherwise, ICollection<string> errors)
    {
        if (!values.TryGetValue(name, out string? text))
        {
            return otherwise;
        }

        if (LogLevels.Parse(text) is { } level)
        {
            return level;
        }

        errors.Add($"--{name}: {text} is not {LogLevels.Words}");
        return otherwise;
    }

    private static int Port(Dictionary<string, string> values, string name, int otherwise, ICollection<string> errors)
    {
        if (!values.TryGetValue(name, out string? text))
        {
            return otherwise;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= MaxPort)
        {
            return port;
        }

        errors.Add($"--{name}: {text} is no port (0 to {MaxPort})");
        return otherwise;
    }

    private static Uri? Address(Dictionary<string, string> values, string name, ICollection<string> errors)
    {
        if (!values.TryGetValue(name, out string? text))
        {
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme == Uri.UriSchemeHttp)
        {
            return address;
        }

        errors.Add($"--{name}: {text} is no address that begins with http://");
        return null;
    }

    private sealed record Option(string Name, string Variable, string Meaning);
}
