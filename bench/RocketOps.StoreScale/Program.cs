using RocketOps.StoreScale;

if (args is ["flush", var flushDirectory, ..])
{
    await new FlushTailRun(flushDirectory, args is [_, _, var messages, ..] ? int.Parse(messages) : 20_000, args is [_, _, _, var only, ..] ? only : "").RunAsync();
    return 0;
}

if (args is not [var phase, var directory, ..] || !ScaleRun.Phases.Contains(phase))
{
    Console.Error.WriteLine($"usage: RocketOps.StoreScale {string.Join('|', ScaleRun.Phases)} DIRECTORY [QUEUES [LOG_FILE_MIB [ROUNDS]]]   (bench/queues.sh runs them all)");
    Console.Error.WriteLine("       RocketOps.StoreScale flush DIRECTORY [MESSAGES [LINES]]   (bench/flush-tail.sh)");
    return 2;
}

await new ScaleRun(directory, Number(2, 100_000), Number(3, 16) * 1024 * 1024, Number(4, 2)).RunAsync(phase);
return 0;

int Number(int place, int otherwise) => place < args.Length ? int.Parse(args[place]) : otherwise;
