import CCrypto
import Columnar
import Glibc

/// SHA-256 by libcrypto: what proves that a copy is the original.
///
/// Source: FIPS 180-4. 32 bytes a digest.
package enum SHA256 {
    package static let digestBytes = 32

    /// Of bytes in memory.
    package static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var stream = Stream()
        stream.update(bytes)
        return stream.finish()
    }

    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { digest($0) }
    }

    /// Of bytes that come piece by piece.
    struct Stream: ~Copyable {
        private let context: OpaquePointer

        init() {
            guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
            else { preconditionFailure("libcrypto has no memory for a digest") }
            self.context = context
        }

        deinit {
            EVP_MD_CTX_free(context)
        }

        mutating func update(_ bytes: UnsafeRawBufferPointer) {
            EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        }

        /// The digest; the stream is used up.
        mutating func finish() -> [UInt8] {
            var digest = [UInt8](repeating: 0, count: SHA256.digestBytes)
            EVP_DigestFinal_ex(context, &digest, nil)
            return digest
        }
    }
}
