using System.Text;
using RocketOps.Broker.Hosting;
using RocketOps.Hosting.Properties;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Configuration;

/// <summary>docs/broker-configuration.md, rendered from the list of keys. With ROCKETOPS_WRITE_DOCS=1 the test writes the page instead of comparing it.</summary>
internal static class ConfigurationPage
{
    public static string FilePath => Path.Combine(SharedKits.RepositoryRoot, "docs", "broker-configuration.md");

    public static string Render()
    {
        StringBuilder page = new();
        page.Append(
            """
            # Broker configuration

            `RocketOps.Broker -c broker.conf [-c MORE.conf …] [-n NAMESERVERS] [-p] [--KEY=VALUE …]`; `-p` prints what would be used.

            Files, names and defaults are RocketMQ's (`key=value`, the syntax of `java.util.Properties`). Of several files a later one goes over an earlier one; the environment (`ROCKETOPS_<key>`) goes over the files, the command line over all.
            A key nobody knows, or a value that is not allowed, refuses the start; all mistakes are reported at once with file, line, key and what is allowed.
            RocketMQ's keys for thread pools, mapped files and Netty are accepted and have nothing to act on.

            *Live* keys can be changed while the broker runs (`mqadmin updateBrokerConfig`), and are written back to the file, the last one of several; other keys are refused there. In `brokers.config` of a `BrokerCluster` they take effect [without a restart](operate.md#configuration-without-a-restart).

            ## Keys that take effect

            | key | default | live | meaning |
            | --- | --- | --- | --- |

            """);
        foreach (PropertyDefinition definition in BrokerCatalog.All.Definitions.Where(static definition => definition is { Support: PropertySupport.Honoured, Description: not null }))
        {
            page.Append(RowOf(definition)).Append('\n');
        }

        page.Append(
            """

            ## RocketMQ's keys that are reported at start

            They ask for something that is not available; the start goes on.

            | key | what to do |
            | --- | --- |

            """);
        foreach (PropertyDefinition definition in BrokerCatalog.All.Definitions.Where(static definition => definition.Support == PropertySupport.Unsupported))
        {
            page.Append($"| `{definition.Name}` | {definition.Advice} |\n");
        }

        page.Append(
            """

            ## RocketMQ's keys that only allow one value

            Passing over another value would leave the broker open, or its data elsewhere, than the owner believes.

            | key | allowed |
            | --- | --- |

            """);
        foreach (PropertyDefinition definition in BrokerCatalog.All.Definitions.Where(static definition => definition is { Support: PropertySupport.Honoured, Description: null }))
        {
            page.Append($"| `{definition.Name}` | {definition.Allowed} |\n");
        }

        return page.ToString();
    }

    private static string RowOf(PropertyDefinition definition) =>
        $"| `{definition.Name}` | {(string.IsNullOrEmpty(definition.DefaultText) ? "–" : $"`{definition.DefaultText}`")} | {(definition.IsLive ? "yes" : "no")} | {definition.Description} {Capitalize(definition.Allowed)}. |";

    private static string Capitalize(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
