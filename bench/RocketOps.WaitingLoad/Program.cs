using System.Globalization;
using RocketOps.Testing.Attacks;
using RocketOps.WaitingLoad;

// Each command prints one line of key=value; bench/timers.sh, transactions.sh, soak.sh and attack.sh run them.
switch (args)
{
    case ["levels", var broker, var rate, var seconds, var level, var delaySeconds]:
        Console.WriteLine(await new LevelRun(broker, Number(rate), Number(seconds), Number(level), TimeSpan.FromSeconds(Number(delaySeconds))).RunAsync());
        return 0;
    case ["fill", var broker, var count, var fromSeconds, var spreadSeconds]:
        Console.WriteLine(await new TimerRun(broker).FillAsync(Number(count), Number(fromSeconds), Number(spreadSeconds)));
        return 0;
    case ["burst", var broker, var count, var dueSeconds]:
        Console.WriteLine(await new TimerRun(broker).BurstAsync(Number(count), Number(dueSeconds)));
        return 0;
    case ["transactions", var broker, var rate, var seconds]:
        Console.WriteLine(await new TransactionRun(broker, Number(rate), Number(seconds)).RunAsync());
        return 0;
    case ["soak", var nameServer, var seconds]:
        Console.WriteLine(await new SoakRun(nameServer, TimeSpan.FromSeconds(Number(seconds))).RunAsync());
        return 0;
    case ["attack", var broker, var seconds, .. var ways]:
        await using (BrokerAttack attack = await BrokerAttack.BeginAsync(broker, ways))
        {
            await Task.Delay(TimeSpan.FromSeconds(Number(seconds)));
            Console.WriteLine(string.Join(' ', attack.Rounds.OrderBy(static way => way.Key, StringComparer.Ordinal).Select(static way => $"{way.Key}={way.Value}")));
        }

        return 0;
    default:
        Console.Error.WriteLine("usage: RocketOps.WaitingLoad levels BROKER RATE SECONDS LEVEL SECONDS_OF_LEVEL | fill BROKER COUNT FROM_SECONDS SPREAD_SECONDS");
        Console.Error.WriteLine("       | burst BROKER COUNT DUE_SECONDS | transactions BROKER RATE SECONDS | soak NAME_SERVER SECONDS | attack BROKER SECONDS [WAY...]");
        return 2;
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
