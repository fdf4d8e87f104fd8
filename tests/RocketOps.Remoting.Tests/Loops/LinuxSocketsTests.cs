using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Loops;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>What the real calls do that a scripted kernel only says.</summary>
public sealed class LinuxSocketsTests
{
    private const int BadAddress = 14;
    private const int PieceBytes = 500;

    [Fact]
    public async Task Send_OfPieces_SendsThemInOrder()
    {
        (Socket sending, Socket receiving) = await ConnectAsync();
        using (sending)
        using (receiving)
        {
            byte[] expected = new byte[7 + (OutputLease.MostPieces * PieceBytes)];
            new Random(1).NextBytes(expected);
            nint place = Marshal.AllocHGlobal(expected.Length);
            try
            {
                Marshal.Copy(expected, 0, place, expected.Length);
                OutputPiece[] pieces = [.. Enumerable.Range(0, OutputLease.MostPieces).Select(i => new OutputPiece(place + 7 + (i * PieceBytes), PieceBytes))];
                new LinuxSockets().Send((int)sending.Handle, expected.AsSpan(0, 7), pieces).Should().Be(expected.Length);
            }
            finally
            {
                Marshal.FreeHGlobal(place);
            }

            byte[] received = new byte[expected.Length];
            using NetworkStream stream = new(receiving);
            await stream.ReadExactlyAsync(received);
            received.Should().Equal(expected);
        }
    }

    /// <summary>As a mapping's page is when the disk cannot read it, or the file has become shorter.</summary>
    [Fact]
    public async Task Send_OfWhatCannotBeRead_FailsAndEndsNothing()
    {
        (Socket sending, Socket receiving) = await ConnectAsync();
        using (sending)
        using (receiving)
        {
            new LinuxSockets().Send((int)sending.Handle, [], [new OutputPiece(8, PieceBytes)]).Should().Be(-BadAddress);
            new LinuxSockets().Send((int)sending.Handle, new byte[PieceBytes], [new OutputPiece(8, PieceBytes)]).Should().BeLessThanOrEqualTo(PieceBytes);
        }
    }

    [Fact]
    public void Send_OfMorePiecesThanThereIsRoomFor_IsRefused()
    {
        Action send = static () => new LinuxSockets().Send(-1, [], new OutputPiece[OutputLease.MostPieces + 1]);

        send.Should().Throw<ArgumentException>();
    }

    private static async Task<(Socket Sending, Socket Receiving)> ConnectAsync()
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Socket sending = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await sending.ConnectAsync(listener.LocalEndPoint!);
        return (sending, await listener.AcceptAsync());
    }
}
