using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Brokers;

/// <summary><c>rocketops broker config set</c>: shows what would change on each broker, asks, and changes it.</summary>
internal static class BrokerConfigSetCommand
{
    public static Command Create(Shell shell)
    {
        Argument<string[]> pairs = new("KEY=VALUE") { Description = "What to set", Arity = ArgumentArity.OneOrMore };
        pairs.Validators.Add(static result =>
        {
            foreach (Token token in result.Tokens.Where(static token => token.Value.IndexOf('=', StringComparison.Ordinal) <= 0))
            {
                result.AddError($"\"{token.Value}\" is not KEY=VALUE.");
            }
        });
        Option<string?> broker = new("--broker", "-b") { Description = "Only this broker: NAME, NAME/ID or HOST:PORT; without it all", HelpName = "BROKER" };
        Option<bool> yes = Confirmation.Yes();
        Option<string> output = Changes.Option();
        return new DocumentedCommand(
            "set",
            "Set keys of running brokers that take effect at once; brokers refuse the others. Of a BrokerCluster, what its brokers.config names is put back, and the rest holds until the next restart",
            "rocketops broker config set autoCreateTopicEnable=false",
            "rocketops broker config set brokerPermission=4 --broker broker-a --yes")
        {
            pairs, broker, yes, output,
        }.RunsOnCluster(shell, (cluster, parsed, cancellation) => Changes.RunAsync(shell, parsed.GetRequiredValue(output), async changes =>
        {
            Dictionary<string, string> wanted = new(StringComparer.Ordinal);
            foreach (string pair in parsed.GetRequiredValue(pairs))
            {
                int equals = pair.IndexOf('=', StringComparison.Ordinal);
                wanted[pair[..equals]] = pair[(equals + 1)..];
            }

            List<(string Name, string Address)> changed = [];
            foreach ((string name, string address) in await BrokerMembers.FindAsync(cluster, parsed.GetValue(broker), cancellation))
            {
                IReadOnlyDictionary<string, string> current = await cluster.Admin.GetBrokerConfigAsync(address, cancellation);
                if (wanted.Keys.FirstOrDefault(key => !current.ContainsKey(key)) is { } unknown)
                {
                    throw new CommandFailedException($"{name} has no key {unknown}.{NearestWord.Hint(unknown, current.Keys)}");
                }

                KeyValuePair<string, string>[] differing = [.. wanted.Where(property => current[property.Key] != property.Value)];
                if (differing.Length > 0)
                {
                    changed.Add((name, address));
                    await changes.Plan.WriteLineAsync($"{name}: {string.Join(", ", differing.Select(property => $"{property.Key} {current[property.Key]} -> {property.Value}"))}");
                }
            }

            if (changed.Count == 0)
            {
                await shell.Error.WriteLineAsync("every broker is set like that already");
                return ExitCodes.Success;
            }

            await Confirmation.AskAsync(shell, parsed.GetValue(yes), $"Change the configuration of {CountText.Of(changed.Count, "broker")}?", cancellation);
            foreach ((string name, string address) in changed)
            {
                await cluster.Admin.UpdateBrokerConfigAsync(address, wanted, cancellation);
                await changes.DoneAsync(
                    $"{name}: changed",
                    new JsonObject
                    {
                        ["broker"] = name,
                        ["address"] = address,
                        ["done"] = "changed",
                        ["keys"] = new JsonObject(wanted.Select(static property => KeyValuePair.Create(property.Key, (JsonNode?)property.Value))),
                    });
            }

            return ExitCodes.Success;
        }));
    }
}
