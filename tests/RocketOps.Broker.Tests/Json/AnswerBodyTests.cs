using System.Buffers;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Json;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Json;

public sealed class AnswerBodyTests
{
    private const int Piece = 64 * 1024;

    [Fact]
    public async Task Write_WhatItTakes_IsCountedForTheConnectionAsItGrowsAndRefusedBeforeItIsMoreThanAFrame()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.SubscribeAsync("g", "T");
        broker.Host.Modules.Clients.Consumers.TryGet("g", out OnlineGroup? group).Should().BeTrue();
        Handler handler = new(() => broker.Host.HeldBytes);

        await Eventually.TrueAsync(() => broker.Host.HeldBytes == 0, "nothing of the heartbeat is held");
        Func<Task> handling = async () => await handler.HandleAsync(group!.Channels.Single().Connection, RemotingCommand.CreateRequest(1), CancellationToken.None);

        (await handling.Should().ThrowAsync<RemotingCommandException>()).WithMessage("*bytes that an answer carries: this instead");
        handler.Held.Should().HaveCount(AnswerBody.MaxBytes / Piece);
        handler.Held.Select(static (bytes, i) => bytes - ((i + 1L) * Piece)).Should().OnlyContain(static more => more >= 0, "what is written is held");
        handler.Held[^1].Should().BeLessThan(AnswerBody.MaxBytes + (AnswerBody.MaxBytes / 8), "the smaller ones are given back");
        await Eventually.TrueAsync(() => broker.Host.HeldBytes == 0, "it is given back");
    }

    /// <summary>Writes more than a frame carries.</summary>
    private sealed class Handler(Func<long> held) : HeavyRequestHandler(atOnce: 1)
    {
        public List<long> Held { get; } = [];

        protected override ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
        {
            AnswerBody body = new(answer, "this instead");
            byte[] piece = new byte[Piece];
            while (true)
            {
                body.Write(piece);
                Held.Add(held());
            }
        }
    }
}
