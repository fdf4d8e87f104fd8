using System.Security.Cryptography;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>
/// The generator of the Java client's bodies (README of the kit): message i is xorshift64 (13, 7, 17) seeded with (i + 1) × 0x9E3779B97F4A7C15,
/// one byte, bits 32–39, per step.
/// </summary>
internal static class KitBodies
{
    private const ulong Seed = 0x9E37_79B9_7F4A_7C15;

    public static string Sha256(int sequence, int size)
    {
        byte[] body = new byte[size];
        ulong state = unchecked((ulong)(sequence + 1) * Seed);
        for (int i = 0; i < size; i++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            body[i] = (byte)(state >> 32);
        }

        return Convert.ToHexStringLower(SHA256.HashData(body));
    }
}
