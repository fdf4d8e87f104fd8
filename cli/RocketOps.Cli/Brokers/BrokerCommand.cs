using System.CommandLine;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Brokers;

/// <summary><c>rocketops broker</c>: brokers one by one.</summary>
internal static class BrokerCommand
{
    public static Command Create(Shell shell) => new("broker", "Look at brokers and set them")
    {
        new Command("config", "Read and change the configuration of running brokers") { BrokerConfigGetCommand.Create(shell), BrokerConfigSetCommand.Create(shell) },
    };
}
